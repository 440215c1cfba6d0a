"""
A disc with a turned core, seen through the beam, fitted to the rotation of the rings.

The beam mixes a core with what is around it, so that rings turn by less than the core and over a
wider range. Rings are ellipses of one shape, which a core of another axis crosses. A model of both
gives the turn and the radius that the means of the rings underestimate.
"""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.robust import TINY
from mangapa.angles import MISALIGNED
from mangapa.profiles._rings import BEAM_SIGMA
from mangapa.profiles._vectors import UNIFORM_DIRECTION, angles_between

#: Points along half a ring, which the other half mirrors, and nodes of the beam on each axis; with
#: 6 and 4 the turns of small cores in the fields of another simulator are off by two errors.
POINTS, NODES = 8, 5
#: Half width of the boundary of a core, arcsec, so that the model has a derivative by its radius.
EDGE = 0.35
#: Relative accuracy of the rotation of a ring: a floor where there is no noise.
ACCURACY = 1e-3
#: Prior of the model: turnover radius of the rotation, arcsec, and the standard deviations of ln
#: (axis ratio), ln(turnover) and ln(speed inside / speed outside). A rotation curve is continuous;
#: 0.25 and 0.4 find the same cores.
TURNOVER, PRIOR_WIDTH = 2.0, np.array([0.4, 1.0, 0.4])
#: Bounds of the axis ratio, the turnover and the radius of a core, arcsec, and of the speeds over
#: that of the outer rings.
AXIS_RATIOS, TURNOVERS, LEAST_RADIUS, SPEEDS = (0.2, 1.0), (0.3, 8.0), 0.3, (0.02, 5.0)
#: Turns (degrees) and radii (arcsec) from which a fit may start, besides the observed turn.
TURNS, RADII = (60.0, 100.0, 140.0, 180.0), (1.5, 2.5, 4.0, 6.0)
TURNS_OF_A_DISC = (-20.0, 0.0, 20.0)
#: Tolerance of a fit, and the most steps.
TOLERANCE, MAX_STEPS = 1e-3, 25


@dataclass(frozen=True, kw_only=True)
class CoreFit:
    """The core that describes rings best, in degrees and arcsec."""

    turn: float  # 0-180
    turn_err: float
    radius: float  # semi-major axis
    significance: float  # that of the turn, or against a disc that turns by 30 deg if that is less


def turn_significance(turn, error):
    """
    Standard deviations by which a turn of 0-180 degrees exceeds `MISALIGNED`.

    sin(turn - 30 deg) over the error, so that beyond 120 degrees it is that of the rotation itself.
    """
    excess = np.radians(np.clip(turn - MISALIGNED.value, -90, 90))
    return np.sin(excess) / np.radians(error)


class CoreModel:
    """
    Rotation of n rings as a disc in which everything within a radius is turned.

    Its parameters are the angle inside and the turn (radian, from the axis of the rings), the
    radius of the core (arcsec), the logarithms of axis ratio and turnover, and the speeds inside
    and outside (km/s). Speeds rise as r / (r^2 + turnover^2)^(1/2).
    """

    def __init__(self, kinemetry):
        covered = kinemetry.covered
        self.radius = kinemetry.radius[covered]
        self.rotation = kinemetry.rotation[covered]
        cov = kinemetry.rotation_cov[covered]
        floor = ACCURACY**2 * np.mean(self.rotation**2) + TINY
        self._whiten = np.linalg.inv(np.linalg.cholesky(cov + floor * np.eye(2)))

        azimuth = (np.arange(POINTS) + 0.5) * np.pi / POINTS
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        shifts = np.meshgrid(BEAM_SIGMA * nodes, BEAM_SIGMA * nodes)
        self._beam = np.outer(weights, weights).ravel() / weights.sum() ** 2
        axis_ratio = kinemetry.axis_ratio
        self._along = (self.radius[:, None] * np.cos(azimuth))[..., None] + shifts[0].ravel()
        self._across = (axis_ratio * self.radius[:, None] * np.sin(azimuth))[..., None]
        self._across = self._across + shifts[1].ravel()
        # First harmonic of V on a ring, stretched across as `Kinemetry.rotation` is.
        self._harmonic = np.stack([np.cos(azimuth), np.sin(azimuth) / axis_ratio], axis=1)
        self._harmonic *= 2 / POINTS

        outer = self.rotation[self.radius >= self.radius[-1] / 2].mean(axis=0)
        self.direction, self.speed = np.arctan2(outer[1], outer[0]), np.hypot(*outer) + TINY
        self._log_ratio = np.log(np.clip(axis_ratio, 0.3, 0.9))

    def fit(self, most):
        """Fit a core of at most the radius ``most`` (arcsec); returns `CoreFit`."""
        first = np.radians(angles_between(self._unit(self.direction), self.rotation[:1])[0])
        turns = np.append(np.copysign(np.radians(TURNS), first), first)
        radii = np.minimum(RADII, 0.97 * most)
        cores = self._starts(turns, radii)
        discs = self._starts(np.radians(TURNS_OF_A_DISC), radii)
        disc = self._solve(discs[0], most, np.radians(MISALIGNED.value))
        best = min([self._solve(one, most) for one in cores[:2]] + [disc], key=lambda fit: fit.cost)

        # Where the model does not fit within the errors, they are as much too small.
        freedom = max(self.rotation.size - 4, 2)
        excess = max(2 * best.cost / freedom, 1.0)
        cov = np.linalg.pinv(best.jac.T @ best.jac) * excess
        turn = abs((np.degrees(best.x[1]) + 180) % 360 - 180)
        turn_err = max(min(np.degrees(np.sqrt(cov[1, 1])), UNIFORM_DIRECTION), TINY)
        # Of the two the lower, for a turn is uncertain near its error and where the model is wrong.
        by_turn = turn_significance(turn, turn_err)
        by_fit = np.sqrt(2 * (disc.cost - best.cost) / excess)
        return CoreFit(
            turn=float(turn),
            turn_err=float(turn_err),
            radius=float(best.x[2]),
            significance=float(min(by_turn, by_fit)),
        )

    def predicted(self, parameters):
        """Rotation of each ring, km/s, shape (n, 2)."""
        inner, turn, radius, log_ratio, log_turnover, fast, slow = parameters
        shape = np.exp(log_ratio), np.exp(2 * log_turnover)
        inside, distance = self._disc(inner, *shape)
        outside, _ = self._disc(inner - turn, *shape)
        share = 0.5 - 0.5 * np.tanh((distance - radius) / EDGE)
        velocity = slow * outside + share * (fast * inside - slow * outside)
        return (velocity @ self._beam) @ self._harmonic

    def _disc(self, angle, axis_ratio, square):
        """Velocity of a disc of unit speed at each node, and the distance from its centre."""
        along = self._along * np.cos(angle) + self._across * np.sin(angle)
        across = (self._across * np.cos(angle) - self._along * np.sin(angle)) / axis_ratio
        distance = along**2 + across**2
        return along / np.sqrt(distance + square), np.sqrt(distance)

    def _residuals(self, parameters):
        *_, log_ratio, log_turnover, inside, outside = parameters
        away = self.rotation - self.predicted(parameters)
        prior = np.array(
            [
                log_ratio - self._log_ratio,
                log_turnover - np.log(TURNOVER),
                np.log(inside / outside),
            ]
        )
        whitened = np.einsum("iab,ib->ia", self._whiten, away).ravel()
        return np.concatenate([whitened, prior / PRIOR_WIDTH])

    def _starts(self, turns, radii):
        """Parameters at all these turns (radian) and radii, the best first."""
        rest = self._log_ratio, np.log(TURNOVER), self.speed, 1.1 * self.speed
        starts = [
            np.array([self.direction + t, t, radius, *rest]) for t in turns for radius in radii
        ]
        return sorted(starts, key=lambda one: np.sum(self._residuals(one) ** 2))

    def _solve(self, start, most, most_turn=20.0):
        from scipy.optimize import least_squares

        logs = np.log([AXIS_RATIOS, TURNOVERS])
        slowest, fastest = (factor * self.speed for factor in SPEEDS)
        lower = [-20.0, -most_turn, LEAST_RADIUS, *logs[:, 0], slowest, slowest]
        upper = [20.0, most_turn, most, *logs[:, 1], fastest, fastest]
        return least_squares(
            self._residuals,
            start,
            bounds=(lower, upper),
            x_scale=[0.3, 0.3, 1.0, 0.3, 0.5, self.speed, self.speed],
            max_nfev=MAX_STEPS,
            ftol=TOLERANCE,
            xtol=TOLERANCE,
            gtol=TOLERANCE,
        )

    @staticmethod
    def _unit(angle):
        return np.array([np.cos(angle), np.sin(angle)])
