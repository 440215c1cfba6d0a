from mangapa.conftest import example_folder  # noqa: F401

# Scripts that run when the documentation is built.
collect_ignore = ["gallery", "auto_gallery", "_build"]
