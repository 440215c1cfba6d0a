"""A thin disc, fitted to points by robust least squares."""

from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u

from mangapa._utils.robust import median, scatter
from mangapa.fields import OFFSET, VELOCITY

__all__ = ["Disc", "DiscState", "fit_points"]

#: Turnover radii of the rotation curve's terms, over the radius that holds 90 % of the points. With
#: a solid-body term besides, their sum follows any curve of a galaxy.
TURNOVERS = np.array([0.1, 0.3, 1.0])
#: Prior of ln(1 / q^2), q the axis ratio: mean and standard deviation; q = 0.55, 0.39 to 0.78.
LOG_RATIO, LOG_RATIO_SPREAD = 1.2, 0.7
#: Flattest disc: q = 0.15.
LOG_RATIO_MAX = -2 * np.log(0.15)
#: Where the fit starts.
LOG_RATIO_START = 2 * np.log(2)
#: Prior precision of the curve's amplitudes, in units of the velocities' scatter.
AMPLITUDE_PRECISION = 1.0
#: Prior spread of the kinematic centre about the object, arcsec.
CENTRE_SPREAD = 0.3
MAX_ITERATIONS = 30
#: The fit has converged when the angle moves by less than this, radian.
TOLERANCE = 3e-4
#: Largest step of the angle (radian) and of the log ratio in one iteration.
MAX_TURN, MAX_STRETCH = 0.35, 0.7
#: Errors whose range is less than this, relative to the largest, are the same.
SAME_ERRORS = 1e-3
TINY = 1e-9

N_TERMS = len(TURNOVERS) + 1
#: Places of the parameters: amplitudes, systemic velocity, angle, log ratio, centre.
SYSTEMIC, ANGLE, RATIO, EAST, NORTH = range(N_TERMS, N_TERMS + 5)
N_PARAMETERS = N_TERMS + 5


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Disc:
    """
    The disc that fits a field best.

    Attributes
    ----------
    axis_ratio : `float`
        Apparent axis ratio of the disc.
    inclination : `~astropy.units.Quantity`
        Of a thin disc of this axis ratio, deg; 0 is face-on.
    x, y : `~astropy.units.Quantity`
        Kinematic centre, arcsec from the object.
    radius : `~astropy.units.Quantity`
        Radii in the plane of the disc, arcsec, shape (n,).
    rotation_velocity : `~astropy.units.Quantity`
        Line-of-sight velocity on the major axis there, km/s, shape (n,).
    """

    axis_ratio: float
    inclination: u.Quantity
    x: u.Quantity
    y: u.Quantity
    radius: u.Quantity
    rotation_velocity: u.Quantity

    def __repr__(self):
        return (
            f"<Disc inclination {self.inclination.value:.0f} deg, rotation velocity up to "
            f"{self.rotation_velocity.value.max():.0f} km/s>"
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class DiscState:
    """
    The fit at its best, for the error. All of it is in units of the relative errors.

    Attributes
    ----------
    jacobian : `~numpy.ndarray`
        Derivatives of the model, shape (N_PARAMETERS, m).
    residual, model : `~numpy.ndarray`
        Data less model, and the rotation alone, shape (m,).
    scale : `float`
        Robust scatter of the residuals.
    weight : `~numpy.ndarray`
        Weights without the robust part, shape (m,).
    precision : `~numpy.ndarray`
        Of the priors, shape (N_PARAMETERS,).
    points : `~mangapa.fitting._points.Points`
        What was fitted.
    relative : `~numpy.ndarray`
        Error of each point over the typical one, shape (m,).
    velocity_unit : `float`
        What the velocities were divided by before, km/s.
    """

    jacobian: np.ndarray
    residual: np.ndarray
    model: np.ndarray
    scale: float
    weight: np.ndarray
    precision: np.ndarray
    points: object = None
    relative: np.ndarray | None = None
    velocity_unit: float = 1.0

    @property
    def velocity_residual(self):
        """Data less model, km/s, shape (m,)."""
        return self.residual * self.relative * self.velocity_unit


def fit_points(points, pa_start):
    """
    Fit a thin disc to points.

    V = v_sys + x' G(r), r^2 = x'^2 + y'^2 / q^2, with x' along the major axis and the rotation
    curve r G(r) a sum of terms r / sqrt(r^2 + s^2) and of solid-body rotation. The centre may move
    a little. The loss is soft L1, so that outliers count little; weak priors keep what the data do
    not tell from running away. Gauss-Newton steps with the analytic Jacobian.

    Parameters
    ----------
    points : `~mangapa.fitting._points.Points`
        What to fit.
    pa_start : `float`
        Where the angle starts, degrees.

    Returns
    -------
    disc : `Disc`
    state : `DiscState`
    angle : `float`
        Of the major axis, radian, North through East.
    v_sys : `float`
        Systemic velocity, km/s.
    """
    reach = max(np.sqrt(np.percentile(points.x**2 + points.y**2, 90)), TINY)
    x, y = points.x / reach, points.y / reach
    middle = median(points.velocity)
    unit = scatter(points.velocity - middle) + TINY
    data = (points.velocity - middle) / unit

    precision = np.zeros(N_PARAMETERS)
    precision[:N_TERMS] = AMPLITUDE_PRECISION
    precision[RATIO] = LOG_RATIO_SPREAD**-2
    precision[[EAST, NORTH]] = (reach / CENTRE_SPREAD) ** 2
    start = np.zeros(N_PARAMETERS)
    start[ANGLE], start[RATIO] = np.radians(pa_start), LOG_RATIO_START
    terms = _model(start, x, y)[1][: SYSTEMIC + 1]
    start[: SYSTEMIC + 1] = _amplitudes(terms, data, points.weight)

    relative = np.ones(data.size)
    solution = _iterate(start, x, y, data, relative, points.weight, precision)
    if np.ptp(points.error) > SAME_ERRORS * points.error.max():
        # Errors that differ count only as far as they explain the scatter of the better half about
        # the disc: what they leave is a misfit, which all points share.
        better = points.error <= median(points.error)
        misfit = (unit * scatter(solution[1].residual[better])) ** 2
        variance = points.error**2
        variance = variance + max(misfit - median(variance[better]), 0.0)
        relative = np.sqrt(variance / median(variance))
        solution = _iterate(solution[0], x, y, data, relative, points.weight, precision)
    parameters, state = solution
    state = replace(state, points=points, relative=relative, velocity_unit=unit)
    v_sys = middle + unit * parameters[SYSTEMIC]
    return _disc(parameters, reach, unit, x, y), state, parameters[ANGLE], v_sys


def _iterate(parameters, x, y, data, relative, weight, precision):
    """Gauss-Newton steps to the best parameters, and the state there."""
    parameters = parameters.copy()
    prior = np.zeros(N_PARAMETERS)
    prior[RATIO] = LOG_RATIO
    diagonal = np.diag_indices(N_PARAMETERS)
    converged = False
    for iteration in range(MAX_ITERATIONS + 1):
        model, jacobian = _model(parameters, x, y)
        jacobian /= relative
        residual = (data - parameters[SYSTEMIC] - model) / relative
        scale = scatter(residual) + TINY
        if converged or iteration == MAX_ITERATIONS:
            break
        weighted = jacobian * (weight * _robust(residual, scale))
        normal = weighted @ jacobian.T
        normal[diagonal] += scale**2 * precision
        gradient = weighted @ residual + scale**2 * precision * (prior - parameters)
        normal[diagonal] = 1.001 * normal[diagonal] + TINY
        step = np.linalg.solve(normal, gradient)
        step /= max(abs(step[ANGLE]) / MAX_TURN, abs(step[RATIO]) / MAX_STRETCH, 1.0)
        before = parameters[RATIO]
        parameters += step
        parameters[RATIO] = min(max(parameters[RATIO], 0.0), LOG_RATIO_MAX)
        converged = (
            iteration > 0
            and abs(step[ANGLE]) < TOLERANCE
            and abs(parameters[RATIO] - before) < 20 * TOLERANCE
        )
    return parameters, DiscState(
        jacobian=jacobian,
        residual=residual,
        model=model / relative,
        scale=scale,
        weight=weight,
        precision=precision,
    )


def _robust(residual, scale):
    """Weights of a soft L1 loss."""
    return 1 / np.sqrt(1 + (residual / scale) ** 2)


def _model(parameters, x, y):
    """Rotation at each point, without the systemic velocity, and the derivatives of the model."""
    sine, cosine = np.sin(parameters[ANGLE]), np.cos(parameters[ANGLE])
    stretch = np.exp(parameters[RATIO])
    x, y = x - parameters[EAST], y - parameters[NORTH]
    along, across = x * sine + y * cosine, x * cosine - y * sine
    inverse = 1 / (along**2 + stretch * across**2 + TURNOVERS[:, None] ** 2)
    terms = np.sqrt(inverse)
    amplitudes = parameters[: N_TERMS - 1]
    slope = amplitudes @ terms + parameters[N_TERMS - 1]
    # Derivative of the slope by r^2.
    change = along * ((-0.5 * amplitudes) @ (terms * inverse))

    jacobian = np.empty((N_PARAMETERS, x.size))
    jacobian[: N_TERMS - 1] = along * terms
    jacobian[N_TERMS - 1] = along
    jacobian[SYSTEMIC] = 1
    jacobian[ANGLE] = across * (slope + 2 * (1 - stretch) * along * change)
    jacobian[RATIO] = change * across**2 * stretch
    jacobian[EAST] = -(sine * slope + 2 * change * (along * sine + stretch * across * cosine))
    jacobian[NORTH] = -(cosine * slope + 2 * change * (along * cosine - stretch * across * sine))
    return along * slope, jacobian


def _amplitudes(terms, data, weight):
    """Amplitudes and systemic velocity at the first angle: linear, with three robust rounds."""
    robust = weight
    for _ in range(3):
        normal = (terms * robust) @ terms.T
        normal[np.diag_indices(len(terms))] += 1e-5 * np.trace(normal) + TINY
        solution = np.linalg.solve(normal, (terms * robust) @ data)
        residual = data - solution @ terms
        robust = weight * _robust(residual, scatter(residual) + TINY)
    return solution


def _disc(parameters, reach, unit, x, y):
    """The disc in arcsec and km/s."""
    axis_ratio = float(np.exp(-parameters[RATIO] / 2))
    radius = np.linspace(0, np.hypot(x, y).max(), 51)
    terms = radius / np.sqrt(radius**2 + TURNOVERS[:, None] ** 2)
    curve = parameters[: N_TERMS - 1] @ terms + parameters[N_TERMS - 1] * radius
    return Disc(
        axis_ratio=axis_ratio,
        inclination=np.degrees(np.arccos(axis_ratio)) * u.deg,
        x=parameters[EAST] * reach * OFFSET,
        y=parameters[NORTH] * reach * OFFSET,
        radius=radius * reach * OFFSET,
        rotation_velocity=np.abs(curve) * unit * VELOCITY,
    )
