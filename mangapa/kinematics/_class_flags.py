"""Reasons why the probability of a kinematic class is missing or rests on less."""

from mangapa.flags import NO_MAP, _DescribedFlag

__all__ = ["ClassFlags"]


class ClassFlags(_DescribedFlag):
    """
    Reasons why probabilities of kinematic classes are missing, or caveats on them.

    Examples
    --------
    >>> from mangapa.kinematics import ClassFlags
    >>> ClassFlags.NO_DISPERSION.description
    'the field has no velocity dispersions'
    """

    NONE = 0
    NOT_MEASURED = 1, "the rotation could not be measured; the flags of the profile say why"
    TOO_FEW_RINGS = 2, "fewer rings than the classes need"
    SMALL_FIELD = 4, "the rings end within half an effective radius"
    NO_EFFECTIVE_RADIUS = (
        8,
        "the effective radius is unknown, so that the separation of peaks of the dispersion is not "
        "limited",
    )
    NO_DISPERSION = 16, "the field has no velocity dispersions"
    NO_DISPERSION_ERROR = 32, "the dispersions have no errors: their scatter is used"
    PEAKS_NOT_COVERED = (
        64,
        "too few dispersions on either side of the major axis, on the minor axis or in the centre",
    )
    AXIS_FROM_DISPERSION = (
        128,
        "neither rotation nor light determines an axis: that of the dispersions is used",
    )
    NO_K51 = 256, "k5/k1 could not be measured"
    NOT_STARS = 512, "groups, peaks of the dispersion and counter-rotating discs are of stars alone"
    INSTRUMENT_UNKNOWN = 1024, "the instrument's part of the dispersions is unknown, and left in"
    NO_MAP = 2048, NO_MAP
    NO_ROTATION = (
        4096,
        "no rotation is detected, so that its classes, but a low-level velocity, are unknown",
    )
