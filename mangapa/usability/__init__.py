"""Whether a velocity field can be used: networks that learned from the experts' flags."""

from mangapa.usability._predict import Usability, usability

__all__ = ["Usability", "usability"]
