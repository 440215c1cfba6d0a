import pytest
from astropy.io import registry

from mangapa import Galaxy
from mangapa.conftest import example_folder  # noqa: F401
from mangapa.formats import _format

# Sphinx runs these scripts when it builds the documentation.
collect_ignore = ["gallery", "auto_gallery", "_build"]


@pytest.fixture(autouse=True)
def without_the_example_format(monkeypatch):
    """Unregister the format of the extension page, whose functions exist on that page only."""
    for known in ("_formats", "_modules"):
        monkeypatch.setattr(_format, known, {**getattr(_format, known)})
    yield
    if "my-survey" in registry.get_formats(Galaxy)["Format"]:
        registry.unregister_reader("my-survey", Galaxy)
        registry.unregister_identifier("my-survey", Galaxy)
