"""Checks of the arguments of a simulation, and what the command line says about them."""

import operator
from dataclasses import dataclass

from astropy import units as u

from mangapa._utils.quantities import scalar
from mangapa.archive.releases import PLATEIFU
from mangapa.simulate._sky import FIELD_OF_VIEW

#: The speed of light, km/s; and more blobs or patches than fit in a field.
LARGEST_VELOCITY, MOST_PATCHES = 3e5, 1000
#: Broader than any galaxy's lines, km/s.
LARGEST_DISPERSION = 2000
#: Farther than the edge of any field, arcsec.
LARGEST_RADIUS = 1000
#: Above this the square of a signal-to-noise ratio is no longer exact.
LARGEST_SNR = 1e7


@dataclass(frozen=True, kw_only=True)
class Number:
    """Unit, limits and description of a number."""

    unit: u.UnitBase
    limits: tuple[float, float]
    text: str

    def check(self, name, value):
        """Convert a number, or a quantity, to a float in the unit of this argument."""
        number = scalar(name, value, self.unit)
        smallest, largest = self.limits
        if not smallest <= number <= largest:
            within = f"{smallest:g} and {largest:g} {self.unit}".rstrip()
            msg = f"{name}={number:g} must be between {within}"
            raise ValueError(msg)
        return number


VELOCITY = {"unit": u.km / u.s, "limits": (-LARGEST_VELOCITY, LARGEST_VELOCITY)}
DISPERSION = {"unit": u.km / u.s, "limits": (0, LARGEST_DISPERSION)}
RADIUS = {"unit": u.arcsec, "limits": (0, LARGEST_RADIUS)}
TURN = {"unit": u.deg, "limits": (-360, 360)}

#: The numbers that `simulate_galaxy` takes, beyond those with messages of their own.
NUMBERS = {
    "v_max": Number(**VELOCITY, text="velocity at which the rotation curve flattens, km/s"),
    "turnover": Number(
        unit=u.one,
        limits=(1e-3, 1e3),
        text="radius at which the rotation curve flattens, effective radii",
    ),
    "v_sys": Number(**VELOCITY, text="systemic velocity left in the fields, km/s"),
    "psf": Number(
        unit=u.arcsec,
        limits=(0, 20),
        text="FWHM of the beam, arcsec; that of MaNGA is 2.5",
    ),
    "thickness": Number(
        unit=u.one, limits=(0, 1), text="scale height of the disc over its scale length"
    ),
    "radial_flow": Number(
        unit=u.one, limits=(-1, 1), text="radial velocity as a share of the rotation"
    ),
    "core_radius": Number(**RADIUS, text="radius of a decoupled core, arcsec"),
    "core_offset": Number(**TURN, text="rotation of the core against the disc, deg"),
}


def count(name, value, largest):
    """Check an integer from 0 to the largest."""
    try:
        number = operator.index(value)
    except TypeError:
        msg = f"{name}={value!r} must be an integer, not {type(value).__name__}"
        raise TypeError(msg) from None
    if not 0 <= number <= largest:
        msg = f"{name}={value!r} must be between 0 and {largest}"
        raise ValueError(msg)
    return number


def identifier(plateifu, n_fibres):
    """Return the identifier and the number of fibres, each of which determines the other."""
    if plateifu is not None:
        if not isinstance(plateifu, str) or not PLATEIFU.fullmatch(plateifu):
            msg = f"plateifu={plateifu!r} must look like 8485-1901"
            raise ValueError(msg)
        return str(plateifu), int(plateifu.split("-")[1][:-2])
    if isinstance(n_fibres, bool) or n_fibres not in list(FIELD_OF_VIEW):
        msg = f"n_fibres={n_fibres!r} must be one of {', '.join(map(str, FIELD_OF_VIEW))}"
        raise ValueError(msg)
    return f"9999-{int(n_fibres)}01", int(n_fibres)
