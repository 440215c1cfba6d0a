"""Options of `angular_momentum`, checked and without units."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from mangapa._utils.quantities import scalar
from mangapa.fields import OFFSET
from mangapa.kinematics._aperture import Aperture
from mangapa.kinematics._corrections import BEAM_CORRECTIONS
from mangapa.kinematics._photometry import light_of
from mangapa.kinematics._sources import beam_of, radius_of

#: Errors that are assumed where they are not given: of the effective radius as a fraction of it, of
#: the position angle (deg) and of the ellipticity.
RADIUS_ERROR, ANGLE_ERROR, ELLIPTICITY_ERROR = 0.1, 5.0, 0.05
#: Largest ellipticity: thinner galaxies are not seen.
LARGEST_ELLIPTICITY = 0.95
#: What the effective radius, and R in lambda_R, may be.
RADII, DISTANCES = ("area", "major_axis"), ("circular", "elliptical")
#: Ways to reach an aperture that the field does not cover.
APERTURE_CORRECTIONS = ("growth_curve",)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options, NaN where they are unknown; lengths in arcsec, angles in deg."""

    effective_radius: float
    effective_radius_err: float
    pa: float
    pa_err: float
    ellipticity: float
    ellipticity_err: float
    radius: str
    distance: str
    beam: float
    sersic_index: float
    beam_correction: str | None
    aperture_correction: str | None

    @classmethod
    def of(
        cls,
        *,
        effective_radius=None,
        effective_radius_err=None,
        pa=None,
        pa_err=None,
        ellipticity=None,
        ellipticity_err=None,
        radius=None,
        distance="circular",
        beam=None,
        sersic_index=None,
        beam_correction=None,
        aperture_correction=None,
    ):
        """Check the options of the user."""

        def number(name, value, unit, default=np.nan):
            """A number that is not negative, or the default where it is missing."""
            value = np.nan if value is None else value
            value = scalar(name, value, unit, allow_nan=True)
            if value < 0 and name != "pa":
                msg = f"{name}={value:g} must not be negative"
                raise ValueError(msg)
            return default if np.isnan(value) else value

        radius = "area" if radius is None else radius
        size = np.nan
        if effective_radius is not None:
            size = scalar("effective_radius", effective_radius, OFFSET, positive=True)
        ellipticity = number("ellipticity", ellipticity, u.one)
        if ellipticity > LARGEST_ELLIPTICITY:
            msg = f"ellipticity={ellipticity:g} must be between 0 and {LARGEST_ELLIPTICITY}"
            raise ValueError(msg)
        choices = (
            ("radius", radius, RADII),
            ("distance", distance, DISTANCES),
            ("beam_correction", beam_correction, (None, *BEAM_CORRECTIONS)),
            ("aperture_correction", aperture_correction, (None, *APERTURE_CORRECTIONS)),
        )
        for name, value, allowed in choices:
            if value not in allowed:
                names = ", ".join(repr(one) for one in allowed)
                msg = f"{name}={value!r} is not known; choose one of {names}"
                raise ValueError(msg)
        beam = number("beam", beam, OFFSET)
        sersic_index = number("sersic_index", sersic_index, u.one)
        for name, value in (("beam", beam), ("sersic_index", sersic_index)):
            if beam_correction is not None and np.isnan(value):
                msg = f"beam_correction={beam_correction!r} needs {name}; give it, or choose None"
                raise ValueError(msg)
        return cls(
            effective_radius=size,
            effective_radius_err=number(
                "effective_radius_err", effective_radius_err, OFFSET, RADIUS_ERROR * size
            ),
            pa=number("pa", pa, u.deg),
            pa_err=number("pa_err", pa_err, u.deg, ANGLE_ERROR),
            ellipticity=ellipticity,
            ellipticity_err=number("ellipticity_err", ellipticity_err, u.one, ELLIPTICITY_ERROR)
            if np.isfinite(ellipticity)
            else np.nan,
            radius=radius,
            distance=distance,
            beam=beam,
            sersic_index=sersic_index,
            beam_correction=beam_correction,
            aperture_correction=aperture_correction,
        )

    @property
    def shape_err(self):
        """Error of the axis ratio of the aperture; 0 for a circle that was not measured."""
        return 0.0 if np.isnan(self.ellipticity) else self.ellipticity_err

    def aperture(self, spaxels):
        """The half-light ellipse of a field."""
        pa = np.degrees(spaxels.disc.angle) if np.isnan(self.pa) else self.pa
        ratio = 1 - float(np.nan_to_num(self.ellipticity))
        if self.radius == "area":
            return Aperture.of_area(self.effective_radius, float(pa), ratio)
        return Aperture(semi_major=self.effective_radius, pa=float(pa), axis_ratio=ratio)


def with_galaxy(galaxy, light, options):
    """
    Options of a user, and what the galaxy has of those that are `None`.

    ``light`` is the `Photometry` of the galaxy, or `None` if it is not known yet.
    """
    given = {name: value for name, value in options.items() if value is not None}
    # Effective radii are those of the headers of MaNGA, which are semi-major axes.
    known = {"effective_radius": radius_of(galaxy), "radius": "major_axis"}
    if "beam_correction" in given:
        known["beam"] = beam_of(galaxy)
    if not given.keys() >= {"pa", "ellipticity"}:
        for name, value in _shape(light_of(galaxy) if light is None else light).items():
            # The error of the light is not that of another value.
            if name.removesuffix("_err") not in given:
                known[name] = value
    return known | given


def _shape(light):
    """The shape of the aperture by a `Photometry`; empty if it is not known."""
    if not (np.isfinite(light.pa) and np.isfinite(light.ellipticity)):
        return {}
    return {
        "pa": light.pa,
        "pa_err": light.pa_err,
        "ellipticity": min(light.ellipticity, LARGEST_ELLIPTICITY),
        "ellipticity_err": light.ellipticity_err,
    }
