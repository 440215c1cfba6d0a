"""How far a field departs from a disc, and how uncertain that makes its position angle."""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.robust import TINY, inverse
from mangapa.fitting._errors import MIN_FREEDOM
from mangapa.fitting._point_noise import Noise
from mangapa.fitting._thin_disc import ANGLE, EAST, N_TERMS, NORTH, RATIO, TURNOVERS

#: Share of the variance of the turning angle that counts as variance of the angle of the disc: 0.45
#: is the maximum likelihood for the simulated fields of shared data, and with 0.5 the stars and gas
#: of aligned galaxies differ by their errors. The same fits give about 1 for the third harmonic.
SHARE = 0.5
#: Largest chance that noise alone turns the angle as much, in a field that is no disc.
NOT_A_DISC_CHANCE = 0.01
#: Polynomials of the turn.
N_TURNS = 2


@dataclass(frozen=True, kw_only=True)
class Departures:
    """What the residuals of a disc say, in squared degrees beyond the noise."""

    turn: float  # variance over the area of the position angle that turns with radius
    third: float  # square of the third sine harmonic over the rotation, as an angle
    turn_chance: float  # that the noise of a disc turns the angle as much

    @property
    def error(self):
        """1-sigma error of the angle, degrees."""
        return float(np.sqrt(SHARE * self.turn + self.third))

    @property
    def not_a_disc(self):
        """Whether the angle turns by more than the noise explains."""
        return self.turn_chance < NOT_A_DISC_CHANCE


def departures(disc, linear, neighbours):
    """
    Measure the `Departures` of a field.

    Terms are added to the linearised fit of ``disc``, a ``DiscSolution`` with its ``LinearFit`` and
    the ``Neighbours`` of its points: the turn of the angle as first and second Legendre polynomials
    of the area within each radius, and the third harmonic that is odd about the major axis, as a
    turn is. Each amplitude is that which remains after all parameters of the disc were fitted anew.
    """
    columns = _columns(disc)
    weight = disc.points.weight
    weighted = columns * weight
    normal = disc.normal + np.diag(disc.scale**2 * disc.precision + TINY)
    # What the parameters of the disc can follow is theirs.
    columns = columns - (weighted @ disc.jacobian.T) @ inverse(normal) @ disc.jacobian
    weighted = columns * weight
    power = linear.slope * np.sum(weighted * columns, axis=1) + TINY
    amplitude = weighted @ linear.bounded / power
    # Departures are as smooth as the influence on the angle, and share its noise per point.
    noise = linear.variance / np.sum(linear.influence**2)
    variance = noise * np.sum(weighted**2, axis=1) / power**2 + TINY**2
    squares = np.degrees(1.0) ** 2 * np.maximum(amplitude**2 - variance, 0.0)
    return Departures(
        turn=squares[0] / 3 + squares[1] / 5,
        third=squares[2],
        turn_chance=_turn_chance(columns[:N_TURNS], disc, linear, neighbours),
    )


def _turn_chance(columns, disc, linear, neighbours):
    """
    Chance that noise gives these columns, shape (2, m), such amplitudes, by an F test.

    The noise is that which remains once they are fitted: a turn that is not in the model is a
    residual over large areas, like strongly correlated noise, and would hide itself.
    """
    n_effective = linear.n_effective + N_TURNS
    freedom = disc.residual.size - n_effective
    if freedom < MIN_FREEDOM:
        return 1.0
    weighted = columns * disc.points.weight
    influence = inverse(linear.slope * weighted @ columns.T) @ weighted
    amplitude = influence @ linear.bounded
    rest = linear.bounded - linear.slope * amplitude @ columns
    noise = Noise(neighbours, rest, n_effective)
    covariance = noise.variance(influence) + TINY**2 * np.eye(N_TURNS)
    chi2 = max(amplitude @ inverse(covariance) @ amplitude, 0.0)
    return float((1 + chi2 / freedom) ** (-freedom / 2))


def _columns(disc):
    """Velocities that a unit of each departure adds, shape (3, m)."""
    parameters, points = disc.parameters, disc.points
    x = points.x / disc.reach - parameters[EAST]
    y = points.y / disc.reach - parameters[NORTH]
    sine, cosine = np.sin(disc.angle), np.cos(disc.angle)
    along = x * sine + y * cosine
    across = (x * cosine - y * sine) * np.exp(parameters[RATIO] / 2)
    radius2 = along**2 + across**2 + TINY
    radius = np.sqrt(radius2)
    outwards = np.argsort(radius2)
    area = np.empty(radius.size)
    n_spaxels = points.n_spaxels[outwards]
    area[outwards] = (2 * np.cumsum(n_spaxels) - n_spaxels) / n_spaxels.sum() - 1
    turn = disc.jacobian[ANGLE]
    slope = parameters[: N_TERMS - 1] @ (1 / np.sqrt(radius2 + TURNOVERS[:, None] ** 2))
    speed = np.abs(slope + parameters[N_TERMS - 1]) * radius / disc.relative
    across = across / radius
    return np.stack(
        [
            turn * area,
            turn * (1.5 * area**2 - 0.5),
            speed * (3 - 4 * across**2) * across,
        ]
    )
