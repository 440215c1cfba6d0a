"""Runs over many galaxies, which can be interrupted and resumed."""

from mangapa.runs._summary import RunSummary, catalogue, status
from mangapa.runs._survey import survey

__all__ = ["RunSummary", "catalogue", "status", "survey"]
