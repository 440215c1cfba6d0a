"""Flags of angles, photometry, usability scores and rejected spaxels, each with a description."""

import enum

__all__ = [
    "AngularMomentumFlags",
    "PAFlags",
    "PhotometryFlags",
    "Rejection",
    "SpinFlags",
    "UsabilityFlags",
]

#: Descriptions of the flags that position angles and usability scores share.
NO_MAP = "the galaxy has no map of this tracer"
NO_GOOD_SPAXELS = "every spaxel is masked or not finite"
TOO_FEW_SPAXELS = "fewer good spaxels than one resolution element holds"
NO_EXTENT = "the good spaxels lie on one line"
CONSTANT_VELOCITY = "all good spaxels have the same velocity"
NOT_MEASURED = "it could not be measured; the error of the galaxy says why"
OUT_OF_RANGE = "spaxels with velocities, errors or offsets that no galaxy has were left out"


class _DescribedFlag(enum.IntFlag):
    """Flags whose members carry a description."""

    _description: str

    def __new__(cls, value, description=""):
        member = int.__new__(cls, value)
        member._value_ = value
        member._description = description
        return member

    @property
    def description(self) -> str:
        """Descriptions of the flags that are set, joined by semicolons; empty if there are none."""
        return "; ".join(self.descriptions()[int(flag)] for flag in type(self) if flag & self)

    @classmethod
    def descriptions(cls) -> dict[int, str]:
        """
        Return the description of each flag.

        Returns
        -------
        `dict`
            Description by bit, as catalogues store it.
        """
        return {int(flag): flag._description for flag in cls if flag}


class PAFlags(_DescribedFlag):
    """
    Reasons why a position angle is missing or doubtful.

    Examples
    --------
    >>> from mangapa import PAFlags
    >>> PAFlags.CONSTANT_VELOCITY.description
    'all good spaxels have the same velocity'
    """

    NONE = 0
    NO_MAP = 1, NO_MAP
    NO_GOOD_SPAXELS = 2, NO_GOOD_SPAXELS
    TOO_FEW_SPAXELS = 4, TOO_FEW_SPAXELS
    NO_EXTENT = 8, NO_EXTENT
    CONSTANT_VELOCITY = 16, CONSTANT_VELOCITY
    FIT_FAILED = 32, "the fit gave no finite angle"
    NO_ROTATION = 64, "the two halves of the field have the same velocity"
    RECEDING_SIDE_UNCLEAR = (
        128,
        "the two halves differ by less than their errors: the angle may be off by 180 deg",
    )
    UNCONSTRAINED = 256, "the field hardly constrains the angle"
    METHODS_DISAGREE = 512, "two methods differ by more than their errors"
    NOT_MEASURED = 1024, NOT_MEASURED
    OUT_OF_RANGE = 2048, OUT_OF_RANGE
    CONTAMINATED = 4096, "a patch that is no part of the disc was left out"
    OFF_CENTRE = 8192, "the kinematic centre is not where the field's centre is"
    NOT_A_DISC = 16384, "the angle turns with radius by more than the noise explains: a warp or bar"
    MUCH_REMOVED = 32768, "cleaning removed more than a fifth of the good spaxels"


class UsabilityFlags(_DescribedFlag):
    """Reasons why a usability score is missing, or caveats on it."""

    NONE = 0
    NO_MAP = 1, NO_MAP
    NO_GOOD_SPAXELS = 2, NO_GOOD_SPAXELS
    TOO_FEW_SPAXELS = 4, TOO_FEW_SPAXELS
    NO_EXTENT = 8, NO_EXTENT
    CONSTANT_VELOCITY = 16, CONSTANT_VELOCITY
    CANNOT_TELL = 32, "the network is not sure: look at the field"
    ONE_TRACER = 64, "judged without the galaxy's other tracer"
    NOT_MEASURED = 128, NOT_MEASURED
    OUT_OF_RANGE = 256, OUT_OF_RANGE
    UNFAMILIAR = 512, "the field is unlike those that the network was trained on"


class PhotometryFlags(_DescribedFlag):
    """Reasons why a photometric axis is missing or doubtful."""

    NONE = 0
    NOT_STATED = 1, "the header or the table does not state both the angle and the ellipticity"
    NO_FLUX = 2, "the galaxy has no map of the light of this tracer"
    NO_ISOPHOTE = 4, "no isophote of enough spaxels lies within the footprint"
    UNCONSTRAINED = 8, "the galaxy is too round for an angle"
    LINE_EMISSION = 16, "the light is that of an emission line, which need not follow the stars"


class Rejection(_DescribedFlag):
    """Reasons why a spaxel was rejected, by `~mangapa.clean` or when its field was made."""

    SMALL_REGION = 1, "in a region that is cut off from the main body of the field"
    OUTLYING_VELOCITY = 2, "spuriously high velocity"
    OUT_OF_RANGE = 4, "a velocity, an error or an offset that no galaxy has"


class AngularMomentumFlags(_DescribedFlag):
    """Reasons why lambda_R or V/sigma is missing, or caveats on it."""

    NONE = 0
    NO_SPAXELS = 1, "too few good spaxels have a velocity dispersion and light"
    NO_DISPERSION = 2, "the field has no velocity dispersions"
    NO_FLUX = 4, "the field has no light to weight its velocities with"
    LITTLE_COVERED = 8, "the spaxels cover less than 85 % of the aperture"
    UNRESOLVED = 16, "the dispersions are not distinguishable from zero beyond the instrument's"
    NO_ERRORS = 32, "errors are missing: the bias of the noise is left in"
    CIRCULAR = 64, "the ellipticity is unknown: the aperture is a circle"
    OUTSIDE_CORRECTION = 128, "outside the range for which the correction was published"
    NO_INSTRUMENT = 256, "the instrument's part is in the dispersions, and is unknown"
    NO_RADIUS = 512, "the effective radius is unknown"
    NO_MAP = 1024, NO_MAP


class SpinFlags(_DescribedFlag):
    """Reasons why a spin vector is missing, or caveats on it."""

    NONE = 0
    NO_ANGLE = 1, "the kinematic position angle or its error is unknown"
    UNCONSTRAINED = 2, "the field hardly constrains the position angle"
    RECEDING_SIDE_UNCLEAR = 4, "which side recedes is not distinguishable from noise"
    NO_INCLINATION = 8, "the inclination or its error is unknown, or no better than at random"
    NO_POSITION = 16, "the position on the sky is unknown"
    NEAR_SIDE_UNKNOWN = 32, "which side is near is unknown: there are two solutions"
    NEAR_SIDE_UNCLEAR = 64, "the side given as near is too close to the major axis to tell"
    CONFLICTING_SIDES = 128, "the given side, winding and dust disagree on which side is near"
    NOT_A_DISC = 256, "the position angle turns with radius: there is more than one axis"
