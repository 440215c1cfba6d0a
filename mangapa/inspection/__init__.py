"""Classification of velocity fields by eye, and the judgements of the experts."""

from mangapa.inspection._exchange import export_flags, import_flags
from mangapa.inspection._store import Judgement, JudgementStore

__all__ = ["Judgement", "JudgementStore", "export_flags", "import_flags"]
