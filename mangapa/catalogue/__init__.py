"""Many measurements as one table, on disk and back; and the published catalogue."""

from mangapa.catalogue.comparison import Comparison, compare
from mangapa.catalogue.formats import read_catalogue, write_catalogue
from mangapa.catalogue.published import read_published
from mangapa.catalogue.samples import SAMPLES, Share, sample, share
from mangapa.catalogue.tables import tabulate, tabulate_rows

__all__ = [
    "SAMPLES",
    "Comparison",
    "Share",
    "compare",
    "read_catalogue",
    "read_published",
    "sample",
    "share",
    "tabulate",
    "tabulate_rows",
    "write_catalogue",
]
