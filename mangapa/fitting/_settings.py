"""The options of a fit as one value."""

from dataclasses import dataclass

from mangapa._utils.options import none_or, option
from mangapa._utils.quantities import scalar, whole_number
from mangapa._utils.types import ScalarLike
from mangapa.fields import OFFSET, VELOCITY
from mangapa.fitting._methods import available_methods, method_named

#: Number of angles tried over 180 degrees, both ends included (Duckworth et al. 2020).
N_STEPS = 361
#: Fewest angles: the two ends, which are one axis, and another.
MIN_STEPS = 3
#: What the angle can be measured about.
CENTRES = ("given", "fit")
#: How the error of an angle can be found.
ERRORS = ("default", "analytic", "bootstrap", None)


def _number_or(word):
    """Parser of a command line for a number or this word."""
    return lambda text: text if text == word else float(text)


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """
    Options of `~mangapa.fit_pa`, validated and plain.

    Settings that mean the same are equal: the default method goes by its name, and quantities are
    numbers in km/s or arcsec.

    Raises
    ------
    TypeError, ValueError
        If a value is of the wrong type or out of its range.
    """

    method: str = option(
        "default",
        "fitting method: disc (a robust thin disc), harmonic (in closed form), symmetry (as "
        "published) or pafit (Cappellari's package, an extra)",
        choices=lambda: ("default", *available_methods()),
    )
    error: str | None = option(
        "default",
        'how the 1-sigma error is estimated; "default" is the one calibrated for the method',
        parse=none_or(str),
        choices=lambda: ERRORS,
    )
    n_steps: int = option(
        N_STEPS, "number of angles tried over 180 deg by methods that step", parse=int, metavar="N"
    )
    velocity_error: ScalarLike | None = option(
        None,
        "one error for all velocities, km/s (10 as published), instead of the field's own",
        parse=none_or(float),
        metavar="KM/S",
    )
    v_sys: ScalarLike | str = option(
        "median",
        'velocity subtracted before the fit, km/s (0 as published), or "median"',
        parse=_number_or("median"),
        metavar="KM/S",
    )
    noise_correlation: ScalarLike | str = option(
        "auto",
        "length over which neighbours share their noise, arcsec, 0 for independent noise, or "
        '"auto": that of MaNGA\'s spaxels',
        parse=_number_or("auto"),
        metavar="ARCSEC",
    )

    centre: str = option(
        "given",
        'what the angle is measured about: the "given" centre, or the kinematic one ("fit")',
        choices=lambda: CENTRES,
    )

    def __post_init__(self):
        self._check_centre()
        method = method_named(self.method)
        if not isinstance(self.error, (str, type(None))) or self.error not in ERRORS:
            msg = f"error={self.error!r} must be one of {', '.join(map(repr, ERRORS))}"
            raise ValueError(msg)
        n_steps = whole_number("n_steps", self.n_steps, MIN_STEPS)
        plain = {"method": method.name, "n_steps": n_steps}
        if self.velocity_error is not None:
            plain["velocity_error"] = scalar(
                "velocity_error", self.velocity_error, VELOCITY, positive=True
            )
        if not (isinstance(self.v_sys, str) and self.v_sys == "median"):
            plain["v_sys"] = scalar("v_sys", self.v_sys, VELOCITY)
        if not (isinstance(self.noise_correlation, str) and self.noise_correlation == "auto"):
            length = scalar("noise_correlation", self.noise_correlation, OFFSET)
            if length < 0:
                msg = f"noise_correlation={self.noise_correlation!r} must not be negative"
                raise ValueError(msg)
            plain["noise_correlation"] = length
        for name, value in plain.items():
            object.__setattr__(self, name, value)

    def _check_centre(self):
        """A field knows no positions on the sky; those who know the galaxy's replace this."""
        if not isinstance(self.centre, str) or self.centre not in CENTRES:
            msg = f"centre={self.centre!r} must be one of {', '.join(map(repr, CENTRES))}"
            raise ValueError(msg)
