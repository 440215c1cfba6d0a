"""Judge whether a velocity field is usable, with networks trained on the flags of experts."""

from mangapa.usability._image import footprint
from mangapa.usability._predict import Usability, usability
from mangapa.usability.model import load_model, register_model

__all__ = ["Usability", "footprint", "load_model", "register_model", "usability"]
