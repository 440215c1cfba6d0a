from mangapa.conftest import example_namespace  # noqa: F401
