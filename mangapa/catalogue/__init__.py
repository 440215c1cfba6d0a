"""Catalogues of many measurements, on disk and in memory, and the published catalogue."""

from mangapa.catalogue._access import fetch_published
from mangapa.catalogue._comparison import Comparison, compare
from mangapa.catalogue._formats import read_catalogue, write_catalogue
from mangapa.catalogue._fraction import TrueShare, true_share
from mangapa.catalogue._published import read_published
from mangapa.catalogue._samples import SAMPLES, Share, sample, share
from mangapa.catalogue._tables import tabulate, tabulate_rows

__all__ = [
    "SAMPLES",
    "Comparison",
    "Share",
    "TrueShare",
    "compare",
    "fetch_published",
    "read_catalogue",
    "read_published",
    "sample",
    "share",
    "tabulate",
    "tabulate_rows",
    "true_share",
    "write_catalogue",
]
