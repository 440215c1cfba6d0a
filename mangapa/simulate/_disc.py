"""Light and line-of-sight velocity of a rotating disc, before any instrument."""

from dataclasses import dataclass

import numpy as np

from mangapa.simulate._components import Bar, Lopsidedness, Warp
from mangapa.simulate._losvd import Layer, Moments

#: Half-light radius of an exponential disc over its scale length.
EXPONENTIAL = 1.678
#: Square of the axis ratio of an edge-on disc, 0.2, which is usual for spirals.
THICKNESS = 0.04
#: Steps along the line of sight through a thick disc, which grow outwards, and the hyperbolic
#: arcsine of their reach in units of the disc's extent along it. More change no velocity of a
#: visible spaxel by a km/s, even edge-on.
DEPTHS, DEEPEST = 20, 3.0
DEPTH = 2 * DEEPEST / DEPTHS
#: Bisections that find the ring of a place: to a few thousandths of an arcsec.
BISECTIONS = 15


@dataclass(frozen=True, kw_only=True)
class Disc:
    """
    A disc of circular orbits with optional departures; angles in deg, lengths in arcsec, km/s.

    Azimuths are counted in the plane of the disc from the receding side of the major axis, in the
    sense of position angles.
    """

    pa: float
    inclination: float
    reff: float
    v_max: float
    turnover: float  # arcsec
    thickness: float = 0.0
    warp: Warp
    core_radius: float = 0.0
    core_offset: float = 0.0
    radial_flow: float = 0.0
    bar: Bar | None = None
    lopsidedness: Lopsidedness | None = None

    @property
    def scale_length(self):
        """Of the exponential disc of light."""
        return self.reff / EXPONENTIAL

    @property
    def axis_ratio(self):
        """Apparent axis ratio of the central rings."""
        return self._axis_ratio(self.inclination)

    @property
    def light(self):
        """All its light, in the unit of `layers` times arcsec squared; without a warp."""
        if self.thickness == 0:
            return 2 * np.pi * self.scale_length**2 * self.axis_ratio
        # The integral of a sheet of unit density is twice its scale height.
        height = self.thickness * self.scale_length
        return 2 * np.pi * self.scale_length**2 * 2 * height / (self._extent * DEPTH)

    def observe(self, x, y):
        """Surface brightness, 1 at the centre of a thin disc, and mean velocity at offsets."""
        light, momentum, _ = Moments().images(list(self.layers(x, y)))
        return light, momentum / light

    def layers(self, x, y):
        """Yield the light and velocity at offsets, in steps along the line of sight."""
        if self.thickness == 0:
            radius, azimuth, inclination, _ = self._locate(x, y, None)
            light = np.exp(-EXPONENTIAL * radius / self.reff)
            yield Layer(light, self._velocity(radius, azimuth, inclination), radius)
            return
        # The line of sight through an oblate spheroid with the disc's two scales is centred on
        # its densest place, at any inclination.
        i = np.radians(self.inclination)
        height = self.thickness * self.scale_length
        _, across = _axes(x, y, self.pa)
        flattening = height**-2 - self.scale_length**-2
        densest = across * np.sin(i) * np.cos(i) * flattening * self._extent**2
        for step in DEEPEST * ((np.arange(DEPTHS) + 0.5) / (DEPTHS / 2) - 1):
            depth = densest + np.sinh(step) * self._extent
            radius, azimuth, inclination, above = self._locate(x, y, depth)
            # Isothermal sheets (van der Kruit & Searle 1981, A&A 95, 105).
            density = np.exp(-radius / self.scale_length) * _sheet(above / height) * np.cosh(step)
            yield Layer(density, self._velocity(radius, azimuth, inclination), radius)

    @property
    def _extent(self):
        """Extent of a thick disc along the line of sight."""
        i = np.radians(self.inclination)
        height = self.thickness * self.scale_length
        return 1 / np.hypot(np.sin(i) / self.scale_length, np.cos(i) / height)

    def _locate(self, x, y, depth):
        """Radius and azimuth in the plane, the ring's inclination, and the height above it."""
        radius = self._ring(x, y, depth)
        share = 0.0 if radius is None else self.warp.share(radius)
        turn = self.warp.turn * share + self.core_offset * (np.hypot(x, y) < self.core_radius)
        inclination = self.inclination + self.warp.tilt * share
        major, minor, above = self._project(x, y, depth, turn, inclination)
        return np.hypot(major, minor), np.arctan2(minor, major), inclination, above

    def _project(self, x, y, depth, turn, inclination):
        """Coordinates in the plane of a ring, and the height above it."""
        major, across = _axes(x, y, self.pa + turn)
        if depth is None:
            return major, across / self._axis_ratio(inclination), 0.0
        sine, cosine = np.sin(np.radians(inclination)), np.cos(np.radians(inclination))
        return major, across * cosine + depth * sine, depth * cosine - across * sine

    def _ring(self, x, y, depth):
        """Radius of the tilted ring on which a place lies; `None` without a warp."""
        if self.warp.turn == self.warp.tilt == 0:
            return None
        # The projected radius of a place is at least 0 and at most that of the flattest ring, so
        # there is a ring of that radius between them. Where rings cross, one of them is found.
        lower = np.zeros(x.shape)
        distance = np.hypot(x, y)
        upper = distance / np.sqrt(THICKNESS) if depth is None else np.hypot(distance, depth)
        for _ in range(BISECTIONS):
            middle = (lower + upper) / 2
            share = self.warp.share(middle)
            turn, tilt = self.warp.turn * share, self.warp.tilt * share
            major, minor, _ = self._project(x, y, depth, turn, self.inclination + tilt)
            outside = np.hypot(major, minor) > middle
            lower, upper = np.where(outside, middle, lower), np.where(outside, upper, middle)
        return (lower + upper) / 2

    def _axis_ratio(self, inclination):
        flattest = self.thickness**2 or THICKNESS
        return np.sqrt(np.cos(np.radians(inclination)) ** 2 * (1 - flattest) + flattest)

    def _velocity(self, radius, azimuth, inclination):
        """Line-of-sight velocity."""
        velocity = self.v_max * np.tanh(radius / self.turnover) * np.sin(np.radians(inclination))
        along, across = np.cos(azimuth), np.sin(azimuth)
        tangential, radial = 1.0, self.radial_flow
        if self.lopsidedness is not None:
            fast = np.radians(self.lopsidedness.angle)
            tangential = tangential + self.lopsidedness.amplitude * np.cos(azimuth - fast)
        if self.bar is not None:
            amplitude = self.bar.amplitude * np.exp(-((radius / self.bar.radius) ** 2))
            twice = 2 * (azimuth - np.radians(self.bar.angle))
            tangential = tangential - amplitude * np.cos(twice)
            radial = radial - amplitude * np.sin(twice)
        return velocity * (along * tangential + across * radial)


def _axes(x, y, pa):
    """Offsets on the sky along a position angle and across it."""
    angle = np.radians(pa)
    return x * np.sin(angle) + y * np.cos(angle), x * np.cos(angle) - y * np.sin(angle)


def _sheet(height):
    """The square of the hyperbolic secant, without overflow."""
    falling = np.exp(-2 * np.abs(height))
    return 4 * falling / (1 + falling) ** 2
