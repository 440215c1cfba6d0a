from mangapa.conftest import example_namespace  # noqa: F401

# Scripts that run when the documentation is built.
collect_ignore = ["docstrings.py", "gallery", "auto_gallery"]
