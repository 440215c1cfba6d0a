"""Velocity fields classified by eye: the page, what it keeps, and how far experts agree."""

from mangapa.inspection._exchange import export_flags, import_flags
from mangapa.inspection._store import Judgement, JudgementStore

__all__ = ["Judgement", "JudgementStore", "export_flags", "import_flags"]
