"""Find, download and verify MAPS files by identifier and release, and files of other surveys."""

from mangapa.archive._find import (
    Download,
    download,
    expected_path,
    locate,
)
from mangapa.archive._identifiers import is_identifier, is_plateifu
from mangapa.archive._products import fetch
from mangapa.archive._select import select
from mangapa.archive._tables import plateifu_of, release_table

__all__ = [
    "Download",
    "download",
    "expected_path",
    "fetch",
    "is_identifier",
    "is_plateifu",
    "locate",
    "plateifu_of",
    "release_table",
    "select",
]
