"""Find, download and verify the MAPS file of a galaxy, given its identifier and release."""

from mangapa.archive._find import (
    Download,
    download,
    expected_path,
    locate,
)
from mangapa.archive._identifiers import is_identifier, is_plateifu
from mangapa.archive._select import select
from mangapa.archive._tables import plateifu_of, release_table

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
