"""Spin vectors: directions in equatorial coordinates, with their weights and errors."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u

from mangapa._utils.html import as_html, as_text
from mangapa._utils.quantities import whole_number
from mangapa.flags import SpinFlags

if TYPE_CHECKING:
    from astropy.coordinates import CartesianRepresentation, SkyCoord

__all__ = ["SpinAngle", "SpinVector"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SpinAngle:
    """
    The angle between two spins, one value for each pair of their solutions.

    Attributes
    ----------
    angle : `~astropy.units.Quantity`
        Angles, 0-180 deg, shape (k,); empty if either spin has no solution.
    error : `~astropy.units.Quantity`
        Errors of both directions in quadrature, deg, shape (k,). The angle itself cannot be below 0
        or above 180 deg: within an error of these it is biased away from them.
    weight : `~numpy.ndarray`
        Probability of each pair, shape (k,); they add up to 1.
    """

    angle: u.Quantity
    error: u.Quantity
    weight: np.ndarray

    @property
    def mean_cosine(self) -> float:
        """Weighted mean of the cosines of the angles; NaN if there is none."""
        if not self.weight.size:
            return np.nan
        return float(self.weight @ np.cos(self.angle.to_value(u.rad)))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SpinVector:
    """
    The direction of a galaxy's angular momentum, as a few weighted solutions.

    Attributes
    ----------
    solutions : `~astropy.coordinates.CartesianRepresentation`
        Unit vectors in the axes of the ICRS, shape (n,): two where it is not known which side of
        the disc is near, one where it is, and none where the data do not tell.
    weights : `~numpy.ndarray`
        Probability of each solution, shape (n,); they add up to 1.
    error : `~astropy.units.Quantity`
        1-sigma error of the direction of each, deg, shape (n,): that of the inclination and that of
        the position angle times the sine of the inclination, in quadrature.
    position_angle, position_angle_err : `~astropy.units.Quantity`
        Kinematic position angle of the receding side, and its total 1-sigma error, deg.
    inclination, inclination_err : `~astropy.units.Quantity`
        Inclination, 0 is face-on, and its 1-sigma error, deg.
    position : `~astropy.coordinates.SkyCoord` or `None`
        Where the galaxy is, in the ICRS.
    flags : `~mangapa.SpinFlags`
        What is missing or uncertain; 0 if nothing is.
    """

    solutions: "CartesianRepresentation"
    weights: np.ndarray
    error: u.Quantity
    position_angle: u.Quantity = np.nan * u.deg
    position_angle_err: u.Quantity = np.nan * u.deg
    inclination: u.Quantity = np.nan * u.deg
    inclination_err: u.Quantity = np.nan * u.deg
    position: "SkyCoord | None" = None
    flags: SpinFlags = SpinFlags.NONE

    @property
    def directions(self) -> "SkyCoord":
        """Right ascension and declination that the solutions point to, ICRS, shape (n,)."""
        from astropy.coordinates import SkyCoord, UnitSphericalRepresentation

        return SkyCoord(self.solutions.represent_as(UnitSphericalRepresentation), frame="icrs")

    def sample(self, n: int, *, seed: int = 0) -> "CartesianRepresentation":
        """
        Draw directions from all solutions with their weights and errors.

        Parameters
        ----------
        n : `int`
            How many.
        seed : `int`, optional
            Seed of the random numbers.

        Returns
        -------
        `~astropy.coordinates.CartesianRepresentation`
            Unit vectors in the ICRS, shape (n,); all NaN if there is no solution.
        """
        n = whole_number("n", n, 1)
        rng = np.random.default_rng(seed)
        if not self.weights.size:
            return cartesian(np.full((3, n), np.nan))
        angles, inclinations = (
            rng.normal(value.to_value(u.deg), error.to_value(u.deg), n)
            for value, error in (
                (self.position_angle, self.position_angle_err),
                (self.inclination, self.inclination_err),
            )
        )
        # An inclination beyond either end is one on the other side of it.
        inclinations = 90 - np.abs(90 - np.abs(inclinations) % 180)
        away = rng.choice(self._away, n, p=self.weights)
        return cartesian(directions(self.position, angles, inclinations, away))

    @property
    def _away(self):
        """Sign of the component of each solution along the line of sight, away from us."""
        line_of_sight = self.position.cartesian.xyz.value
        along = line_of_sight @ self.solutions.xyz.value
        # Edge-on, both are perpendicular to it.
        return np.where(along == 0, np.arange(along.size) * 2 - 1, np.sign(along))

    def angle_to(self, other: "SpinVector") -> SpinAngle:
        """
        Angle to the spin of another galaxy, or of another tracer of the same.

        Parameters
        ----------
        other : `SpinVector`
            The other spin.

        Returns
        -------
        `~mangapa.kinematics.SpinAngle`
            One angle for each pair of solutions, with its probability. The two solutions of each
            galaxy are taken to be independent of those of the other.

        Raises
        ------
        TypeError
            If ``other`` is not a spin vector.
        """
        if not isinstance(other, SpinVector):
            msg = f"other={other!r} must be a SpinVector, not {type(other).__name__}"
            raise TypeError(msg)
        ours, theirs = (one.solutions.xyz.value for one in (self, other))
        # The arctangent is exact for small angles, where the cosine is not.
        product = np.cross(ours[:, :, None], theirs[:, None, :], axis=0)
        sine = np.linalg.norm(product, axis=0)
        return SpinAngle(
            angle=np.degrees(np.arctan2(sine, ours.T @ theirs)).ravel() * u.deg,
            error=np.hypot(self.error[:, None], other.error).ravel(),
            weight=np.multiply.outer(self.weights, other.weights).ravel(),
        )

    def __repr__(self):
        towards = ", ".join(
            f"{one.ra.deg:.1f} {one.dec.deg:+.1f} +- {error:.0f} ({weight:.2f})"
            for one, error, weight in zip(
                self.directions, self.error.value, self.weights, strict=True
            )
        )
        trouble = f": {self.flags.description}" if self.flags else ""
        return f"<SpinVector towards {f'{towards} deg' if towards else 'no direction'}{trouble}>"

    def _repr_html_(self):
        rows = [
            ("Position angle", as_text(self.position_angle, self.position_angle_err)),
            ("Inclination", as_text(self.inclination, self.inclination_err)),
            *(
                (f"Towards RA, Dec (probability {weight:.2f})", f"{one.ra:.1f}, {one.dec:.1f}")
                for one, weight in zip(self.directions, self.weights, strict=True)
            ),
            ("Flags", self.flags.description or None),
        ]
        return as_html("SpinVector", rows)


def directions(position, angle, inclination, away):
    """
    Unit vectors of spins in the ICRS, shape (3, n).

    ``angle`` and ``inclination`` are in deg, and ``away`` is the sign of the component along the
    line of sight; numbers or arrays of shape (n,).
    """
    ra, dec = position.ra.rad, position.dec.rad
    line_of_sight = np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    east = np.array([-np.sin(ra), np.cos(ra), 0.0])
    north = np.array([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)])
    # The receding side moves along the line of sight n: (spin x p) n = spin (p x n) > 0, with p
    # towards the position angle; p x n is a right angle ahead of p, since East x North = n.
    angle, inclination = np.radians(angle), np.radians(inclination)
    in_sky = np.multiply.outer(east, np.cos(angle)) - np.multiply.outer(north, np.sin(angle))
    along = np.multiply.outer(line_of_sight, away * np.cos(inclination))
    return (np.sin(inclination) * in_sky).reshape(3, -1) + along.reshape(3, -1)


def cartesian(xyz):
    """Vectors, shape (3, n), as a representation."""
    from astropy.coordinates import CartesianRepresentation

    return CartesianRepresentation(xyz)
