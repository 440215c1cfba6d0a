"""What a galaxy can have beyond a flat disc of circular orbits, each as a small value."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from astropy import units as u
from numpy.typing import ArrayLike

from mangapa._utils.types import ScalarLike
from mangapa.simulate._arguments import DISPERSION, NUMBERS, RADIUS, TURN, VELOCITY, Number

SHARE = Number(unit=u.one, limits=(-1, 1), text="share of the rotation")
PLACE = {"unit": u.arcsec, "limits": (-1000, 1000)}


@dataclass(frozen=True, kw_only=True)
class _Component:
    numbers: ClassVar[dict[str, Number]] = {}

    def __post_init__(self):
        for name, number in self.numbers.items():
            value = getattr(self, name)
            if value is not None:
                value = number.check(f"{name} of {type(self).__name__}", value)
                object.__setattr__(self, name, value)


@dataclass(frozen=True, kw_only=True)
class Warp(_Component):
    """
    Tilted rings, whose axis and inclination change linearly between two radii.

    Parameters
    ----------
    turn, tilt : `float` or `~astropy.units.Quantity`, optional
        Change of the position angle and of the inclination from the inner to the outer radius,
        deg.
    inner, outer : `float` or `~astropy.units.Quantity`, optional
        Radii of the rings, in the plane of the disc, between which they turn, arcsec; by default
        from the centre to half the long axis of the field.

    Raises
    ------
    ValueError
        If a number is out of range, or the outer radius is not larger than the inner one.

    Examples
    --------
    >>> from mangapa.simulate import Warp
    >>> Warp(turn=30, inner=2, outer=6).share([0, 3, 9])
    array([0.  , 0.25, 1.  ])
    """

    turn: ScalarLike = 0.0
    tilt: ScalarLike = 0.0
    inner: ScalarLike = 0.0
    outer: ScalarLike | None = None

    numbers = {
        "turn": Number(**TURN, text="change of the position angle, deg"),
        "tilt": Number(unit=u.deg, limits=(-90, 90), text="change of the inclination, deg"),
        "inner": Number(**RADIUS, text="radius where the warp begins, arcsec"),
        "outer": Number(**RADIUS, text="radius where the warp ends, arcsec"),
    }

    def __post_init__(self):
        super().__post_init__()
        if self.outer is not None and self.outer <= self.inner:
            msg = f"outer={self.outer:g} of Warp must be larger than inner={self.inner:g}"
            raise ValueError(msg)

    def share(self, radius: ArrayLike) -> np.ndarray:
        """
        Share of the change that is reached at each radius.

        Parameters
        ----------
        radius : array_like
            Radii in the plane of the disc, arcsec.

        Returns
        -------
        `~numpy.ndarray`
            From 0 to 1, same shape.
        """
        if self.outer is None:
            msg = "outer=None of Warp stands for the edge of a field; give Warp an outer radius"
            raise ValueError(msg)
        inner, outer = float(self.inner), float(self.outer)
        return np.clip((np.asarray(radius) - inner) / (outer - inner), 0, 1)


@dataclass(frozen=True, kw_only=True)
class Bar(_Component):
    """
    Elliptical streaming in a potential of m = 2, as in a bar or an oval disc.

    The tangential and radial amplitudes are equal (Spekkens & Sellwood 2007, ApJ 664, 204,
    equation 5), and fall as a Gaussian of the radius. A bar far larger than the field is an oval
    distortion of the whole disc.

    Parameters
    ----------
    amplitude : `float`
        Share of the rotation, at the centre.
    radius : `float` or `~astropy.units.Quantity`, optional
        Radius in the plane of the disc where the amplitude has fallen by a factor of e, arcsec.
    angle : `float` or `~astropy.units.Quantity`, optional
        Angle of the bar from the receding side of the major axis, in the plane of the disc and in
        the sense of position angles, deg.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> import mangapa
    >>> from mangapa.simulate import Bar
    >>> barred = mangapa.simulate_galaxy(pa_stellar=50, bar=Bar(amplitude=0.3, radius=5))
    """

    amplitude: ScalarLike
    radius: ScalarLike = 5.0
    angle: ScalarLike = 45.0

    numbers = {
        "amplitude": SHARE,
        "radius": Number(
            unit=u.arcsec, limits=(0.1, 1e6), text="radius at which the bar ends, arcsec"
        ),
        "angle": Number(**TURN, text="angle of the bar from the major axis, deg"),
    }


@dataclass(frozen=True, kw_only=True)
class Lopsidedness(_Component):
    """
    Rotation that is faster on one side, V (1 + amplitude cos(azimuth - angle)).

    Parameters
    ----------
    amplitude : `float`
        Share of the rotation.
    angle : `float` or `~astropy.units.Quantity`, optional
        Azimuth of the faster side from the receding side of the major axis, in the plane of the
        disc and in the sense of position angles, deg.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> import mangapa
    >>> from mangapa.simulate import Lopsidedness
    >>> galaxy = mangapa.simulate_galaxy(lopsidedness=Lopsidedness(amplitude=0.2, angle=60))
    """

    amplitude: ScalarLike
    angle: ScalarLike = 0.0

    numbers = {
        "amplitude": SHARE,
        "angle": Number(**TURN, text="azimuth of the faster side, deg"),
    }


@dataclass(frozen=True, kw_only=True)
class Neighbour(_Component):
    """
    A round source that adds its light, with one velocity, to that of the galaxy.

    Parameters
    ----------
    flux : `float`
        Its light over that of the galaxy in the field.
    x, y : `float` or `~astropy.units.Quantity`
        Offset from the centre, arcsec; x grows to the East, y to the North.
    velocity : `float` or `~astropy.units.Quantity`
        Relative to the systemic velocity of the galaxy, km/s.
    fwhm : `float` or `~astropy.units.Quantity`, optional
        Its size before the beam, arcsec; at least 0.8, which spaxels of 0.5 arcsec resolve.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> import mangapa
    >>> from mangapa.simulate import Neighbour
    >>> blend = Neighbour(flux=0.1, x=5, y=-3, velocity=250)
    >>> galaxy = mangapa.simulate_galaxy(psf=2.5, neighbour=blend)
    """

    flux: ScalarLike
    x: ScalarLike
    y: ScalarLike
    velocity: ScalarLike
    fwhm: ScalarLike = 1.0

    numbers = {
        "flux": Number(unit=u.one, limits=(0, 1e3), text="light over that of the galaxy"),
        "x": Number(**PLACE, text="offset to the East, arcsec"),
        "y": Number(**PLACE, text="offset to the North, arcsec"),
        "velocity": Number(**VELOCITY, text="velocity relative to the galaxy, km/s"),
        "fwhm": Number(unit=u.arcsec, limits=(0.8, 100), text="size before the beam, arcsec"),
    }


@dataclass(frozen=True, kw_only=True)
class Dispersion(_Component):
    """
    Velocity dispersion that falls outwards, outer + (central - outer) exp(-R / radius).

    Parameters
    ----------
    central, outer : `float` or `~astropy.units.Quantity`
        Velocity dispersion at the centre and far from it, km/s.
    radius : `float` or `~astropy.units.Quantity`, optional
        Radius in the plane of the disc over which it falls, arcsec; by default two scale lengths
        of the disc, as in a disc of constant thickness (van der Kruit & Searle 1981, A&A 95, 105).

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> from mangapa.simulate import Dispersion
    >>> Dispersion(central=180, outer=60, radius=2).at([0, 2, 20]).round()
    array([180., 104.,  60.])
    """

    central: ScalarLike
    outer: ScalarLike = 0.0
    radius: ScalarLike | None = None

    numbers = {
        "central": Number(**DISPERSION, text="velocity dispersion at the centre, km/s"),
        "outer": Number(**DISPERSION, text="velocity dispersion far from the centre, km/s"),
        "radius": Number(
            unit=u.arcsec, limits=(0.1, 1e6), text="radius over which it falls, arcsec"
        ),
    }

    def at(self, radius: ArrayLike) -> np.ndarray:
        """
        Velocity dispersion at each radius.

        Parameters
        ----------
        radius : array_like
            Radii in the plane of the disc, arcsec.

        Returns
        -------
        `~numpy.ndarray`
            In km/s, same shape.
        """
        if self.radius is None:
            msg = "radius=None of Dispersion stands for two scale lengths of a disc; give a radius"
            raise ValueError(msg)
        central, outer = float(self.central), float(self.outer)
        return outer + (central - outer) * np.exp(-np.asarray(radius) / float(self.radius))


@dataclass(frozen=True, kw_only=True)
class CounterDisc(_Component):
    """
    A second disc of stars in the same plane, which rotates in the opposite sense.

    Two such discs have two peaks of the velocity dispersion on the major axis, where their
    velocities differ most and neither outshines the other (Krajnovic et al. 2011, MNRAS 414,
    2923).

    Parameters
    ----------
    mass_fraction : `float`, optional
        Its mass over that of both discs, which have the same mass-to-light ratio.
    scale : `float`, optional
        Its scale length over that of the main disc.
    thickness : `float`, optional
        Its scale height over its scale length, as of the main disc by default.
    rotation : `float`, optional
        Speed of its rotation over that of the main disc.
    dispersion : `float`, `~astropy.units.Quantity` or `~mangapa.simulate.Dispersion`, optional
        Its velocity dispersion, km/s; by default that of the main disc.
    turn : `float` or `~astropy.units.Quantity`, optional
        Its rotation against that of the main disc, deg.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> import mangapa
    >>> from mangapa.simulate import CounterDisc
    >>> two = mangapa.simulate_galaxy(
    ...     psf=2.5, counter_disc=CounterDisc(mass_fraction=0.4, scale=0.5)
    ... )
    """

    mass_fraction: ScalarLike = 0.5
    scale: ScalarLike = 1.0
    thickness: ScalarLike | None = None
    rotation: ScalarLike = 1.0
    dispersion: "ScalarLike | Dispersion | None" = None
    turn: ScalarLike = 180.0

    numbers = {
        "mass_fraction": Number(
            unit=u.one, limits=(0, 0.99), text="mass of the second disc over that of both"
        ),
        "scale": Number(
            unit=u.one, limits=(0.05, 20), text="scale length over that of the main disc"
        ),
        "thickness": NUMBERS["thickness"],
        "rotation": Number(
            unit=u.one, limits=(0, 10), text="speed of rotation over that of the main disc"
        ),
        "turn": Number(**TURN, text="rotation against the main disc, deg"),
    }

    def __post_init__(self):
        super().__post_init__()
        if self.dispersion is not None:
            dispersion = as_dispersion("dispersion of CounterDisc", self.dispersion)
            object.__setattr__(self, "dispersion", dispersion)


def as_dispersion(name, value, *, is_even=False):
    """Make a `Dispersion` of a number, that at the centre or, if even, everywhere."""
    if isinstance(value, Dispersion):
        return value
    number = Dispersion.numbers["central"].check(name, value)
    return Dispersion(central=number, outer=number if is_even else 0.0)
