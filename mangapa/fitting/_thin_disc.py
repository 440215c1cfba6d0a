"""A thin disc, fitted to points by robust least squares."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mangapa._utils.robust import TINY, median, percentile, scatter, solve
from mangapa.fitting._points import MOST_POINTS, Points

#: Turnover radii of the rotation curve's terms, over the radius that holds 90 % of the points.
#: Together with a solid-body term they follow the rotation curves of galaxies closely.
TURNOVERS = np.array([0.1, 0.3, 1.0])
SQUARED_TURNOVERS = TURNOVERS[:, None] ** 2
#: Share of the points within the radius that sets the scale of the turnovers, per cent.
REACH_PERCENTILE = 90
#: Prior of ln(1 / q^2), q the axis ratio: mean and standard deviation; q = 0.55, 0.39 to 0.78,
#: as for random orientations between 30 and 75 deg (the galaxies of benchmarks/scenarios.py).
LOG_RATIO, LOG_RATIO_SPREAD = 1.2, 0.7
#: Flattest disc, q = 0.15; the beam makes thinner ones rounder.
LOG_RATIO_MAX = -2 * np.log(0.15)
#: The fit starts from an axis ratio of one half.
LOG_RATIO_START = 2 * np.log(2)
#: Prior precision of the curve's amplitudes, in units of the velocities' scatter.
AMPLITUDE_PRECISION = 1.0
#: Prior spread of the kinematic centre about the object, arcsec. In benchmarks/scenarios.py, 0.1
#: is worse for centres that are 2 arcsec off (median 1.1 deg instead of 0.4), and 1.0 for fields of
#: which half is missing (0.4 deg instead of 0.2).
CENTRE_SPREAD = 0.3
#: Most Gauss-Newton steps; fits converge long before, unless noise drives them back and forth.
MAX_ITERATIONS = 30
#: The fit has converged when the angle moves by less than this, radian: a sixtieth of a degree. Of
#: more than `MOST_POINTS` spaxels, whose angle is known better, by less in inverse proportion.
TOLERANCE = 3e-4
#: And the log ratio by less than this many times as much; it matters less to the angle.
RATIO_TOLERANCE = 20
#: Largest step of the angle (radian) and of the log ratio in one iteration (chosen by hand).
MAX_TURN, MAX_STRETCH = 0.35, 0.7
#: Levenberg-Marquardt damping of the normal matrix, which is well conditioned thanks to the priors.
DAMPING = 1.001
#: Ridge of the linear fit that gives the first amplitudes, over the trace of its normal matrix.
START_RIDGE = 1e-5
#: Robust rounds of that fit.
START_ROUNDS = 3
#: Errors whose range is less than this, relative to the largest, are the same.
SAME_ERRORS = 1e-3

N_TERMS = len(TURNOVERS) + 1
#: Places of the parameters: amplitudes, systemic velocity, angle, log ratio, centre.
SYSTEMIC, ANGLE, RATIO, EAST, NORTH = range(N_TERMS, N_TERMS + 5)
N_PARAMETERS = N_TERMS + 5
#: Radii at which the rotation curve is given.
N_RADII = 51


@dataclass(frozen=True, kw_only=True, eq=False)
class DiscSolution:
    """
    The disc that fits m points best, and what its error needs.

    Lengths are in units of ``reach``, velocities in units of ``unit`` about ``middle``, and the
    arrays in units of the relative errors besides.
    """

    parameters: np.ndarray  # shape (N_PARAMETERS,)
    jacobian: np.ndarray  # derivatives of the model, shape (N_PARAMETERS, m)
    residual: np.ndarray  # data less model, shape (m,)
    model: np.ndarray  # the rotation alone, shape (m,)
    scale: float  # robust scatter of the residuals
    precision: np.ndarray  # of the priors, shape (N_PARAMETERS,)
    relative: np.ndarray  # error of each point over the typical one, shape (m,)
    points: Points
    reach: float  # radius that holds 90 % of the points, arcsec
    middle: float  # median of the velocities, km/s
    unit: float  # robust scatter of the velocities, km/s

    @property
    def angle(self):
        """Position angle of the major axis, radian, North through East; either end."""
        return self.parameters[ANGLE]

    @property
    def v_sys(self):
        """Systemic velocity on the scale of the points' velocities, km/s."""
        return self.middle + self.unit * self.parameters[SYSTEMIC]

    @property
    def axis_ratio(self):
        """Apparent minor over major axis."""
        return float(np.exp(-self.parameters[RATIO] / 2))

    @property
    def centre(self):
        """Offset of the kinematic centre to the East and North, arcsec."""
        return self.parameters[[EAST, NORTH]] * self.reach

    @property
    def velocity_residual(self):
        """Data less model, km/s, shape (m,)."""
        return self.residual * self.relative * self.unit

    @property
    def noise(self):
        """Robust scatter of the residuals, km/s."""
        return self.scale * self.unit

    @cached_property
    def bounded(self):
        """Residuals, outliers bounded, shape (m,)."""
        return self.residual * _robust(self.residual, self.scale)

    @cached_property
    def slope(self):
        """Mean derivative of a bounded residual by the residual."""
        robust = _robust(self.residual, self.scale)
        # Powers take ten times as long as products.
        return np.mean(robust * robust * robust)

    @cached_property
    def normal(self):
        """Normal matrix without robust weights and priors, shape (N_PARAMETERS, N_PARAMETERS)."""
        return (self.jacobian * self.points.weight) @ self.jacobian.T

    def rotation_at(self, x, y):
        """Line-of-sight rotation at any places (arcsec), km/s, without the systemic velocity."""
        places = np.stack([x, y]) / self.reach
        derivatives = np.empty((N_PARAMETERS, x.size))
        return self.unit * rotation(self.parameters, places, derivatives)

    def velocity_at(self, x, y):
        """The disc's velocity at any places (arcsec), km/s, on the scale of the points'."""
        return self.v_sys + self.rotation_at(x, y)

    def rotation_curve(self):
        """Radii in the plane of the disc, arcsec, and speeds on the major axis there, km/s."""
        furthest = np.hypot(self.points.x, self.points.y).max() / self.reach
        radius = np.linspace(0, furthest, N_RADII)
        terms = radius / np.sqrt(radius**2 + TURNOVERS[:, None] ** 2)
        speed = self.parameters[: N_TERMS - 1] @ terms + self.parameters[N_TERMS - 1] * radius
        return radius * self.reach, np.abs(speed) * self.unit


def fit_disc(points, pa_start, *, centre_spread=CENTRE_SPREAD):
    """
    Fit a thin disc to points, starting from a position angle in degrees.

    V = v_sys + x' G(r), r^2 = x'^2 + y'^2 / q^2, with x' along the major axis and the rotation
    curve r G(r) a sum of terms r / sqrt(r^2 + s^2) and of solid-body rotation. The centre may move
    as far as ``centre_spread`` (arcsec) lets it. The loss is soft L1, so that outliers count
    little; weak priors bound what the data do not constrain. The steps are Gauss-Newton with the
    analytic Jacobian.

    Returns two `DiscSolution`: one with equal errors, and one with those of the points; they are
    the same object where the errors do not differ.
    """
    reach = max(np.sqrt(percentile(points.x**2 + points.y**2, REACH_PERCENTILE)), TINY)
    places = np.stack([points.x, points.y]) / reach
    middle = median(points.velocity)
    data = points.velocity - middle
    # More than half of the velocities, or all means of bins, may be equal.
    unit = scatter(data) + TINY * min(np.abs(data).max(), 1.0) or 1.0
    data = data / unit

    precision = np.zeros(N_PARAMETERS)
    precision[:N_TERMS] = AMPLITUDE_PRECISION
    precision[RATIO] = LOG_RATIO_SPREAD**-2
    precision[[EAST, NORTH]] = (reach / centre_spread) ** 2
    start = np.zeros(N_PARAMETERS)
    start[ANGLE], start[RATIO] = np.radians(pa_start), LOG_RATIO_START
    derivatives = np.empty((N_PARAMETERS, data.size))
    rotation(start, places, derivatives)
    terms = derivatives[: SYSTEMIC + 1]
    start[: SYSTEMIC + 1] = _first_amplitudes(terms, data, points.weight)

    tolerance = TOLERANCE * min(1.0, MOST_POINTS / points.bins.size)

    def solution(start, relative=None):
        return DiscSolution(
            **_iterate(start, places, data, relative, points.weight, precision, tolerance),
            precision=precision,
            relative=np.ones(data.size) if relative is None else relative,
            points=points,
            reach=reach,
            middle=middle,
            unit=unit,
        )

    unweighted = solution(start)
    if np.ptp(points.error) <= SAME_ERRORS * points.error.max():
        return unweighted, unweighted
    # Errors that differ count only as far as they explain the scatter of the better half about
    # the disc: the rest of that scatter is a misfit, which all points share.
    better = points.error <= median(points.error)
    misfit = (unit * scatter(unweighted.residual[better])) ** 2
    variance = points.error**2
    variance = variance + max(misfit - median(variance[better]), 0.0)
    return unweighted, solution(unweighted.parameters, np.sqrt(variance / median(variance)))


def _iterate(parameters, places, data, relative, weight, precision, tolerance):
    """Gauss-Newton steps to the best parameters, and the state there; no ``relative`` are ones."""
    parameters = parameters.copy()
    prior = np.zeros(N_PARAMETERS)
    prior[RATIO] = LOG_RATIO
    # The residuals are one more row, so that one product gives normal matrix and gradient.
    rows = np.empty((N_PARAMETERS + 1, data.size))
    jacobian, off = rows[:-1], rows[-1]
    if relative is not None:
        weight = weight / relative**2
    converged = False
    for iteration in range(MAX_ITERATIONS + 1):
        model = rotation(parameters, places, jacobian)
        np.subtract(data - parameters[SYSTEMIC], model, out=off)
        residual = off if relative is None else off / relative
        scale = scatter(residual) + TINY
        if converged or iteration == MAX_ITERATIONS:
            break
        products = (jacobian * (weight * _robust(residual, scale))) @ rows.T
        normal, gradient = products[:, :-1], products[:, -1]
        holding = scale**2 * precision
        diagonal = np.einsum("ii->i", normal)
        diagonal += holding
        gradient += holding * (prior - parameters)
        diagonal *= DAMPING
        diagonal += TINY
        step = solve(normal, gradient)
        step /= max(abs(step[ANGLE]) / MAX_TURN, abs(step[RATIO]) / MAX_STRETCH, 1.0)
        before = parameters[RATIO]
        parameters += step
        parameters[RATIO] = min(max(parameters[RATIO], 0.0), LOG_RATIO_MAX)
        converged = (
            iteration > 0
            and abs(step[ANGLE]) < tolerance
            and abs(parameters[RATIO] - before) < RATIO_TOLERANCE * tolerance
        )
    if relative is not None:
        jacobian /= relative
        model /= relative
    return {
        "parameters": parameters,
        "jacobian": jacobian,
        "residual": residual,
        "model": model,
        "scale": scale,
    }


def _robust(residual, scale):
    """Weights of a soft L1 loss."""
    ratio = residual / scale
    ratio *= ratio
    ratio += 1
    np.sqrt(ratio, out=ratio)
    return np.divide(1, ratio, out=ratio)


def rotation(parameters, places, jacobian):
    """
    Velocity of the rotation at places, shape (2, m), over the reach; shape (m,).

    The derivatives of the model are written to ``jacobian``, shape (N_PARAMETERS, m). Linear
    combinations are products of small matrices: each step costs as much as its call, and these take
    the fewest.
    """
    # Plain numbers are faster than those of numpy.
    *_, angle, log_ratio, east, north = parameters.tolist()
    sine, cosine, stretch = math.sin(angle), math.cos(angle), math.exp(log_ratio)
    to_axis = np.array([[sine, cosine], [cosine, -sine]])
    turned = to_axis @ (places - [[east], [north]])
    along, across = turned
    terms = np.empty((N_TERMS, along.size))
    inverse = np.array([1.0, stretch]) @ (turned * turned) + SQUARED_TURNOVERS
    np.divide(1, inverse, out=inverse)
    np.sqrt(inverse, out=terms[:-1])
    terms[-1] = 1
    inverse *= terms[:-1]
    amplitudes = parameters[:N_TERMS]
    # The slope of the rotation curve, and its derivative by the squares of both coordinates.
    parts = np.empty((3, along.size))
    slope = np.matmul(amplitudes, terms, out=parts[0])
    change = -amplitudes[:-1] @ inverse
    change *= along
    np.multiply(change, turned, out=parts[1:])

    np.multiply(along, terms, out=jacobian[:N_TERMS])
    jacobian[SYSTEMIC] = 1
    combined = np.array(
        [
            [1.0, 1.0 - stretch, 0.0],
            [0.0, 0.0, stretch / 2],
            [-sine, -sine, -cosine * stretch],
            [-cosine, -cosine, sine * stretch],
        ]
    )
    np.matmul(combined, parts, out=jacobian[ANGLE:])
    jacobian[ANGLE:EAST] *= across
    return along * slope


def _first_amplitudes(terms, data, weight):
    """Amplitudes and systemic velocity at the first angle: linear, with robust rounds."""
    robust = weight
    for _ in range(START_ROUNDS):
        weighted = terms * robust
        normal = weighted @ terms.T
        diagonal = np.einsum("ii->i", normal)
        diagonal += START_RIDGE * diagonal.sum() + TINY
        solution = solve(normal, weighted @ data)
        residual = data - solution @ terms
        robust = weight * _robust(residual, scatter(residual) + TINY)
    return solution
