from mangapa.conftest import example_folder  # noqa: F401

# Scripts that run when the documentation is built.
collect_ignore = ["docstrings.py", "gallery", "auto_gallery", "_build"]
