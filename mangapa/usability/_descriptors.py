"""
Numbers that tell whether a velocity field shows rotation, however it is turned or mirrored.

They are taken from the robust disc, the harmonic curve and the published objective; see
`mangapa.usability._descriptor_groups`. None needs errors or bin ids. The order of `FEATURES` and
`PAIR_FEATURES` is that of a network's inputs.
"""

from dataclasses import dataclass, replace

import numpy as np

from mangapa.fitting._fit import good_spaxels, one_blas_thread
from mangapa.fitting._methods import Spaxels
from mangapa.fitting._points import MIN_POINTS, gather
from mangapa.fitting._scattered import on_a_grid
from mangapa.flags import PAFlags
from mangapa.usability._descriptor_groups import (
    FEWEST_SHARED,
    GROUPS,
    PUBLISHED_ERROR,
    correlation,
    ranks,
)
from mangapa.usability._on_axis import TINY, fit_field, nearest

__all__ = ["FEATURES", "PAIR_FEATURES", "Description", "describe", "pair_features"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Description:
    """
    A field as the network sees it, and what its comparison with the other tracer needs.

    Attributes
    ----------
    values : `~numpy.ndarray`
        The `FEATURES`, shape (n,).
    spaxels : `~mangapa.fitting._methods.Spaxels`
        The good spaxels.
    velocity, model : `~numpy.ndarray`
        Velocities less the systemic one, and those of the disc, km/s, one a spaxel.
    amplitude, noise : `float`
        Of the disc's rotation and of what it leaves, km/s.
    """

    values: np.ndarray
    spaxels: Spaxels
    velocity: np.ndarray
    model: np.ndarray
    amplitude: float
    noise: float


def describe(field):
    """
    The features of a field.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        Cleaned; only its velocities, offsets, mask and tracer are used.

    Returns
    -------
    description : `Description` or `None`
        `None` where there is nothing to judge.
    flags : `~mangapa.PAFlags`
        Why.
    """
    spaxels, flags = good_spaxels(field, velocity_error=PUBLISHED_ERROR)
    if flags:
        return None, flags
    # Bins are found as in the training, where there were no ids: by their equal velocities.
    spaxels, _ = on_a_grid(replace(spaxels, bin_id=None), np.ones(spaxels.velocity.size))
    points = gather(spaxels)
    if points.velocity.size < MIN_POINTS:
        return None, PAFlags.TOO_FEW_SPAXELS
    with one_blas_thread():
        fitted = fit_field(spaxels, points)
        values = {"is_gas": float(field.tracer == "halpha")}
        for group in GROUPS:
            values |= group(fitted)
    return Description(
        values=np.nan_to_num(np.array([values[name] for name in FEATURES], float)),
        spaxels=spaxels,
        velocity=fitted.velocity,
        model=fitted.model,
        amplitude=fitted.amplitude,
        noise=fitted.noise,
    ), PAFlags.NONE


def pair_features(one, other):
    """
    How a field compares with that of the other tracer.

    Parameters
    ----------
    one, other : `Description`
        The field that is judged, and the other of the same galaxy.

    Returns
    -------
    `~numpy.ndarray`
        The `PAIR_FEATURES`, shape (n,).
    """
    n_one, n_other = one.velocity.size, other.velocity.size
    inside, row, column = nearest(other.spaxels, one.spaxels.x, one.spaxels.y)
    shared = inside.sum()
    values = {
        "pair_amplitude": np.log10((one.amplitude + 1) / (other.amplitude + 1)),
        "pair_noise": np.log10((one.noise + 0.1) / (other.noise + 0.1)),
        "pair_overlap": shared / (n_one + n_other - shared),
        "pair_size": np.log10(n_one / n_other),
    }
    if shared >= FEWEST_SHARED:

        def there(values):
            image = np.zeros(other.spaxels.good.shape)
            image.ravel()[other.spaxels.index] = values
            return image[row, column]

        a, b = one.velocity[inside], there(other.velocity)
        model_a, model_b = one.model[inside], there(other.model)
        values |= {
            "pair_correlation": correlation(a, b),
            "pair_ranks": correlation(ranks(a), ranks(b)),
            "pair_residuals": correlation(a - model_a, b - model_b),
            "pair_by_other_model": correlation(a, model_b),
            "pair_other_by_model": correlation(b, model_a),
            "pair_difference": np.log10(np.std(a - b) / (np.std(a) + np.std(b) + TINY) + 0.01),
        }
    return np.array([values.get(name, 0.0) for name in PAIR_FEATURES])


#: What is said of one field, in the order of a network's inputs.
FEATURES = (
    *("is_gas", "log_bins", "log_bin_mean", "log_bin_median", "log_bin_largest", "single_share"),
    *("log_independent", "log_values", "reach", "footprint_edge", "footprint_offset"),
    *("log_range_98", "tail", "peakedness", "skewness"),
    *("mirror_point", "mirror_major", "mirror_minor"),
    *("mirror_point_cover", "mirror_major_cover", "mirror_minor_cover"),
    *("curve_first", "curve_depth", "curve_excess", "curve_excess_log", "curve_phase"),
    *("published_first", "published_second", "published_depth", "published_floor"),
    *("published_mean", "published_contrast", "published_width"),
    *("published_excess", "published_excess_log", "published_phase"),
    *("log_error", "log_amplitude", "log_signal_to_noise", "log_model_sigma", "disc_explained"),
    *("centre_offset", "rank_correlation", "residual_correlation"),
    *("explained_0", "explained_1", "noise_0"),
    *("sign_purity", "sign_purity_all", "sign_purity_outer", "halves_asymmetry"),
    *("domain_two", "domain_lesser", "smooth_share_5", "smooth_explained_9"),
    *("ring_first_share", "ring_second", "ring_third", "ring_snr_0", "ring_turn_0"),
    *("ring_drift_inner", "ring_drift_mean", "jackknife_turn"),
)
#: And of two tracers of one galaxy.
PAIR_FEATURES = (
    *("pair_amplitude", "pair_noise", "pair_overlap", "pair_size", "pair_correlation"),
    *("pair_ranks", "pair_residuals", "pair_by_other_model", "pair_other_by_model"),
    "pair_difference",
)
