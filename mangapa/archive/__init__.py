"""From a plate-IFU and a release to a local file: find, download, verify."""

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
