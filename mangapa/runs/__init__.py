"""Many galaxies: run, interrupt, resume."""

from mangapa.runs._survey import RunSummary, catalogue, status, survey

__all__ = ["RunSummary", "catalogue", "status", "survey"]
