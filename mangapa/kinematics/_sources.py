"""What measurements take from the galaxy whose field they measure."""

from mangapa._utils.cards import number_of
from mangapa.fields import Galaxy

__all__ = ["beam_of", "galaxy_in", "radius_of"]

#: Card of the beam in the r band in MAPS files, and widths that a beam can have, arcsec.
BEAM_CARD, BEAMS = "RFWHM", (0.01, 60.0)


def galaxy_in(source):
    """The galaxy that a source is, or was measured on; `None` if it is no such source."""
    # A measurement, by its looks: it belongs to a later step, which imports this one.
    measured = getattr(source, "galaxy", None)
    found = measured if isinstance(measured, Galaxy) else source
    return found if isinstance(found, Galaxy) else None


def radius_of(galaxy):
    """Effective radius that the header states; `None` if it states none."""
    return galaxy.effective_radius if galaxy.effective_radius > 0 else None


def beam_of(galaxy):
    """Full width at half maximum of the beam, arcsec; `None` if the header does not state it."""
    return number_of(galaxy.header, BEAM_CARD, *BEAMS)
