"""Runs over many galaxies, which can be interrupted and resumed."""

from mangapa.runs._survey import RunSummary, catalogue, status, survey

__all__ = ["RunSummary", "catalogue", "status", "survey"]
