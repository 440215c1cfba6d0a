"""HTML report of a run."""

from mangapa.report._page import write_report

__all__ = ["write_report"]
