"""Find, download and verify the MAPS file of a galaxy, given its identifier and release."""

from mangapa.archive._find import (
    Download,
    download,
    expected_path,
    is_identifier,
    is_plateifu,
    locate,
)
from mangapa.archive._tables import plateifu_of, release_table, select

__all__ = [
    "Download",
    "download",
    "expected_path",
    "is_identifier",
    "is_plateifu",
    "locate",
    "plateifu_of",
    "release_table",
    "select",
]
