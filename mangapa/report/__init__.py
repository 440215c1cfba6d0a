"""A run as a page that a person likes to read."""

from mangapa.report._page import write_report

__all__ = ["write_report"]
