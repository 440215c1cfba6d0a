"""
Groups of descriptors of a field: functions from a `FieldOnAxis` to a `dict`.

All is measured along the axis of the disc, so nothing changes when the field is turned, mirrored or
reversed. Small constants that are added before a logarithm or a division set the level below which
a number means nothing; the networks were trained with them (benchmarks/usability.py).
"""

import numpy as np

from mangapa._utils.robust import TINY, median, solve_each
from mangapa.fitting._methods.symmetry import mirror_curve
from mangapa.fitting._points import with_velocity

#: Added before a logarithm is taken: to curves, to other ratios and angles in degrees, to speeds in
#: km/s and turns in degrees, to the signal-to-noise ratio of a ring.
CURVE_FLOOR, RATIO_FLOOR, SPEED_FLOOR, RING_FLOOR = 1e-3, 0.01, 0.1, 0.03
#: Decimals of a radius, arcsec, that are not rounding errors.
RADIUS_DECIMALS = 6
#: Velocities are told apart in this many steps between the extremes, as in the training data.
VELOCITY_STEPS = 255
#: Depth over which an angle passes from inside to outside of a minimum, over that of the curve.
SOFT_EDGE = 0.3
#: Added to the difference of the halves, over the standard deviation of the velocities.
HALVES_FLOOR = 0.1
#: Rings of equal numbers of spaxels, and sectors that are left out one after the other.
N_RINGS, N_SECTORS = 4, 8
#: Angles of the published objective, and the fewest with mirror pairs, of 180, that make a curve.
N_ANGLES, FEWEST_ANGLES = 36, 20
#: Fewest spaxels that are compared with their mirror images or with the other tracer.
FEWEST_SHARED = 6
#: Signs along and across the axis, and of the rotation, in each mirror image.
MIRRORS = {"point": (-1, -1, -1), "major": (1, -1, 1), "minor": (-1, 1, -1)}
#: Percentiles of the velocities that describe their distribution, as fractions.
PERCENTILES = np.array([0, 0.01, 0.05, 0.16, 0.84, 0.95, 0.99, 1])
#: Radii between the inner, middle and outer zones, over the field's reach.
ZONES = np.array([0.35, 0.7])
#: Penalty of higher harmonics on a ring, so that a few spaxels cannot fake them.
HARMONIC_RIDGE = 0.02 * np.array([0, 1, 1, 2, 2, 3, 3])
#: Ridge of the planes that are fitted with a sector left out.
PLANE_RIDGE = 1e-4
#: Standard deviation of a uniformly random direction, 360 / sqrt(12) degrees.
RANDOM_TURN = 360 / np.sqrt(12)
#: Penalties of poor fits are limited to these.
WORST_DISC, WORST_ZONE, WORST_SMOOTH = 2.0, 1.5, -1.0


def _footprint(on_axis):
    """Number of data, their binning, and the outline of the field."""
    spaxels, points = on_axis.spaxels, on_axis.spaxels.points
    size, n, good = points.n_spaxels, spaxels.velocity.size, spaxels.good
    inner = np.sum(good[1:] & good[:-1]) + np.sum(good[:, 1:] & good[:, :-1])
    low, high = spaxels.velocity.min(), spaxels.velocity.max()
    step = np.rint(VELOCITY_STEPS * (spaxels.velocity - low) / (high - low + TINY))
    return {
        "log_bins": np.log10(size.size),
        "log_bin_mean": np.log10(n / size.size),
        "log_bin_median": np.log10(median(size[points.bins])),
        "log_bin_largest": np.log10(size.max()),
        "single_share": np.sum(size == 1) / n,
        "log_independent": np.log10(points.weight.sum()),
        "log_values": np.log10(np.unique(step).size),
        "reach": on_axis.reach,
        "footprint_edge": 2 * (2 * n - inner) / np.sqrt(n),
        "footprint_offset": np.hypot(spaxels.x.mean(), spaxels.y.mean()) / on_axis.reach,
    }


def _velocities(on_axis):
    """Distribution of the velocities, regardless of their positions."""
    ordered = np.sort(on_axis.velocity)
    at = np.interp(PERCENTILES * (ordered.size - 1), np.arange(ordered.size), ordered)
    low, low_1, low_5, low_16, high_16, high_5, high_1, high = at
    off = on_axis.velocity - np.sum(on_axis.weight * on_axis.velocity)
    return {
        "log_range_98": np.log10(high_1 - low_1 + TINY),
        "tail": np.log10((high - low + TINY) / (high_5 - low_5 + TINY)),
        "peakedness": np.log10((high_5 - low_5 + TINY) / (high_16 - low_16 + TINY)),
        "skewness": abs(np.sum(on_axis.weight * off * off * off)) / on_axis.variance**1.5,
    }


def _mirrors(on_axis):
    """Correlation with its mirror images about the centre and the axes, with signs of rotation."""
    sine, cosine = np.sin(on_axis.angle), np.cos(on_axis.angle)
    image = on_axis.on_map(on_axis.velocity)
    found = {}
    for name, (keep, turn, sign) in MIRRORS.items():
        along, across = keep * on_axis.along, turn * on_axis.across
        x, y = along * sine + across * cosine, along * cosine - across * sine
        inside, row, column = on_axis.nearest(x, y)
        found[f"mirror_{name}_cover"] = inside.mean()
        found[f"mirror_{name}"] = 0.0
        if inside.sum() >= FEWEST_SHARED:
            here, weight = on_axis.velocity[inside], on_axis.weight[inside]
            there = sign * image[row, column]
            power = np.sum(weight * (here**2 + there**2)) / 2
            found[f"mirror_{name}"] = np.sum(weight * here * there) / (power + TINY)
    return found


def _harmonic_curve(on_axis):
    """Shape of the mismatch of mirror pairs over all axes, relative to the velocity variance."""
    mismatch = on_axis.spaxels.curve.mismatch
    finite = np.isfinite(mismatch)
    curve = np.zeros(mismatch.size)
    if finite.sum() > FEWEST_ANGLES:
        curve = np.where(finite, mismatch, mismatch[finite].mean()) / on_axis.variance
    return _curve_shape("curve", curve, np.degrees(on_axis.angle))


def _published_curve(on_axis):
    """Shape of the published objective, from which the experts' angles came."""
    angles = on_axis.angle + np.linspace(0, np.pi, N_ANGLES + 1)
    spaxels = on_axis.spaxels
    relative = spaxels.velocity - on_axis.middle
    squares, _ = mirror_curve(with_velocity(spaxels, relative), angles, np.ones(relative.size))
    curve = squares[:-1] / (relative.size * np.var(relative) + TINY)
    return _curve_shape("published", curve, 0.0)


def _curve_shape(prefix, curve, axis):
    """Shape of a curve over 180 degrees; ``axis`` is the disc's, degrees from the first angle."""
    # The angle of the minimum may jump: it is not used.
    low, high = curve.min(), curve.max()
    depth = high - low + TINY
    step = 180 / curve.size
    at_axis = np.interp(axis % 180, step * np.arange(curve.size + 1), np.append(curve, curve[0]))
    mean, first, second = np.fft.rfft(curve)[:3] / curve.size
    mean = mean.real + TINY
    phase = np.angle(-first * np.exp(2j * np.radians(axis)))
    below_half = (low + depth / 2 - curve) / (SOFT_EDGE * depth) + 0.5
    return {
        f"{prefix}_floor": np.log10(low + CURVE_FLOOR),
        f"{prefix}_depth": high - low,
        f"{prefix}_mean": mean,
        f"{prefix}_contrast": np.log10((low + TINY) / (high + TINY) + CURVE_FLOOR),
        f"{prefix}_first": 2 * abs(first) / mean,
        f"{prefix}_second": 2 * abs(second) / mean,
        f"{prefix}_width": np.mean(np.clip(below_half, 0, 1)),
        f"{prefix}_excess": (at_axis - low) / depth,
        f"{prefix}_excess_log": np.log10((at_axis + TINY) / (low + TINY)),
        f"{prefix}_phase": (1 - np.cos(phase)) * 2 * abs(first) / mean,
    }


def _disc(on_axis):
    """How well the disc explains the field, and how well it is determined."""
    points, disc, noise = on_axis.spaxels.points, on_axis.spaxels.unweighted_disc, on_axis.noise
    velocity, residual = points.velocity - disc.v_sys, disc.velocity_residual
    model, weight = velocity - residual, points.weight / points.weight.sum()
    found = {
        "log_error": np.log10(max(on_axis.spaxels.unweighted_disc_error, RATIO_FLOOR)),
        "log_amplitude": np.log10(on_axis.amplitude + SPEED_FLOOR),
        "log_signal_to_noise": np.log10(on_axis.amplitude / noise + RATIO_FLOOR),
        "log_model_sigma": np.log10(np.sqrt(np.sum(weight * model**2)) / noise + RATIO_FLOOR),
        "disc_explained": 1 - min(np.sum(weight * residual**2) / on_axis.variance, WORST_DISC),
        "centre_offset": np.log10(np.hypot(*disc.centre) + RATIO_FLOOR),
        "rank_correlation": correlation(ranks(velocity), ranks(model), weight),
        "residual_correlation": _neighbours_alike(on_axis, residual),
    }
    zone = np.searchsorted(ZONES * on_axis.reach, np.hypot(points.x, points.y))
    for k in (0, 1):
        inside = weight * (zone == k)
        share = inside.sum() + TINY
        left, power = (np.sum(inside * v**2) / share for v in (residual, velocity))
        found[f"explained_{k}"] = 1 - min(left / (power + TINY), WORST_ZONE)
        found[f"noise_{k}"] = np.log10(np.sqrt(left / on_axis.variance) + RATIO_FLOOR)
    return found


def _neighbours_alike(on_axis, residual):
    """Mean product of the residuals on both sides of the bins' borders, over their power."""
    good, bins = on_axis.spaxels.good, on_axis.spaxels.points.bins
    number, image = on_axis.on_map(bins), on_axis.on_map(residual[bins])
    total = count = 0
    for ahead, behind in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        border = good[ahead] & good[behind] & (number[ahead] != number[behind])
        total += np.sum(image[ahead][border] * image[behind][border])
        count += np.count_nonzero(border)
    return total / max(count, 1) / (np.mean(residual[bins] ** 2) + TINY)


def _halves(on_axis):
    """How far each half has the sign that rotation gives it, and how alike the halves are."""
    velocity, weight, along = on_axis.velocity, on_axis.weight, on_axis.along
    right = velocity * along > 0
    wedge = weight * (np.abs(along) > np.abs(on_axis.across))
    outer, ahead = wedge * np.abs(along), along > 0
    receding, approaching = (
        np.sum(half * velocity) / (half.sum() + TINY) for half in (weight * ahead, weight * ~ahead)
    )
    return {
        "sign_purity": np.sum(wedge * right) / (wedge.sum() + TINY),
        "sign_purity_all": np.sum(weight * right),
        "sign_purity_outer": np.sum(outer * right) / (outer.sum() + TINY),
        "halves_asymmetry": abs(receding + approaching)
        / (abs(receding - approaching) + HALVES_FLOOR * np.sqrt(on_axis.variance)),
    }


def _domains(on_axis):
    """Size of the largest part of each sign, and smoothness of the field."""
    from scipy.ndimage import label

    image, good = on_axis.on_map(on_axis.velocity), on_axis.spaxels.good
    pieces = (label((sign * image > 0) & good)[0] for sign in (1, -1))
    largest = [np.bincount(one.ravel(), minlength=2)[1:].max() for one in pieces]
    (smooth,) = on_axis.local_means(5, on_axis.velocity)
    broad, model = on_axis.local_means(9, on_axis.velocity, on_axis.model)
    unexplained = np.mean((broad - model) ** 2) / (np.var(broad) + TINY)
    return {
        "domain_two": sum(largest) / on_axis.velocity.size,
        "domain_lesser": min(largest) / on_axis.velocity.size,
        "smooth_share_5": np.var(smooth) / on_axis.variance,
        "smooth_explained_9": max(1 - unexplained, WORST_SMOOTH),
    }


def _rings(on_axis):
    """Harmonics on rings about the object: how much is rotation, and how it turns with radius."""
    along, across = on_axis.along, on_axis.across
    n = on_axis.velocity.size
    radius = np.hypot(along, across)
    # Spaxels at equal radii keep their order, whatever the last digit, which processors differ in.
    order = np.argsort(np.round(radius, RADIUS_DECIMALS), kind="stable")
    start = -(-np.arange(N_RINGS) * n // N_RINGS)
    count = np.diff(start, append=n)
    # At the very centre, the networks learned the end of the axis that the sign of zero gives.
    direction = np.copysign(1.0, along).astype(complex)
    np.divide(along + 1j * across, radius, out=direction, where=radius > 0)
    unit = direction[order]
    rows = np.ones((1 + len(HARMONIC_RIDGE), n))
    for k, power in enumerate((unit, unit * unit, unit * unit * unit)):
        rows[2 * k + 1], rows[2 * k + 2] = power.real, power.imag
    # The velocities are one more row, so that one product gives normal matrix and right-hand side.
    rows[-1] = on_axis.velocity[order]
    weight = on_axis.weight[order]
    weighted = rows * weight
    products = np.array(
        [
            weighted[:, one : one + size] @ rows[:, one : one + size].T
            for one, size in zip(start, count, strict=True)
        ]
    )
    mass, power = products[:, 0, 0], products[:, -1, -1] / products[:, 0, 0]
    normal = products[:, :-1, :-1] + (np.multiply.outer(mass, HARMONIC_RIDGE) + TINY)[
        :, None
    ] * np.eye(len(HARMONIC_RIDGE))
    solution = solve_each(normal, products[:, :-1, -1])
    left = rows[-1] - np.sum(np.repeat(solution.T, count, axis=1) * rows[:-1], axis=0)
    rest = np.add.reduceat(weight * left**2, start) / mass
    first, second, third = (solution[:, 1::2] + 1j * solution[:, 2::2]).T
    amplitude = np.abs(first)
    rotation = np.sum(mass * amplitude) + TINY
    turn = np.angle(first + TINY)
    return {
        "ring_first_share": np.sum(mass * amplitude**2) / 2 / (np.sum(mass * power) + TINY),
        "ring_second": np.log10(np.sum(mass * np.abs(second)) / rotation + RATIO_FLOOR),
        "ring_third": np.log10(np.sum(mass * np.abs(third)) / rotation + RATIO_FLOOR),
        "ring_snr_0": np.log10(amplitude[0] / np.sqrt(rest[0] + TINY) + RING_FLOOR),
        "ring_turn_0": abs(np.degrees(turn[0])),
        "ring_drift_inner": abs(np.degrees(np.angle(first[1] * np.conj(first[0]) + TINY))),
        "ring_drift_mean": np.degrees(np.sqrt(np.sum(mass * amplitude * turn**2) / rotation)),
    }


def _jackknife(on_axis):
    """How far the axis of a plane turns when each eighth of the field is left out."""
    along, across = on_axis.along / on_axis.reach, on_axis.across / on_axis.reach
    turn = np.arctan2(across, along) / (2 * np.pi) % 1.0
    sector = np.floor(turn * N_SECTORS).astype(int) % N_SECTORS
    terms = np.stack([np.ones(along.size), along, across, on_axis.velocity])
    weighted = terms * on_axis.weight
    products = np.array([(weighted * (sector == k)) @ terms.T for k in range(N_SECTORS)])
    total = products.sum(axis=0)
    # The last is with nothing left out.
    left = np.concatenate([total - products, total[None]])
    trace = np.einsum("kii->k", left[:, :3, :3])
    normal = left[:, :3, :3] + (PLANE_RIDGE * trace)[:, None, None] * np.eye(3)
    _, east, north = solve_each(normal, left[:, :3, 3]).T
    axis = np.degrees(np.arctan2(north, east))
    turned = (axis[:-1] - axis[-1] + 180) % 360 - 180
    # Without the sector that has all spaxels, nothing determines an axis.
    turned[products[:, 0, 0] >= (1 - TINY) * total[0, 0]] = RANDOM_TURN
    return {"jackknife_turn": np.log10(np.sqrt(np.mean(turned**2)) + SPEED_FLOOR)}


def correlation(a, b, weight=None):
    """Correlation coefficient of values, shape (n,), weighted or not; 0 if either is constant."""
    weight = np.full(a.size, 1 / a.size) if weight is None else weight
    a, b = a - weight @ a, b - weight @ b
    return float(weight @ (a * b) / np.sqrt((weight @ a**2) * (weight @ b**2) + TINY))


def ranks(values):
    """Rank of each value; equal values share one."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    start = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    count = np.diff(start, append=values.size)
    rank = np.empty(values.size)
    rank[order] = np.repeat(start + count / 2, count)
    return rank


GROUPS = (
    *(_footprint, _velocities, _mirrors, _harmonic_curve, _published_curve, _disc, _halves),
    *(_domains, _rings, _jackknife),
)
