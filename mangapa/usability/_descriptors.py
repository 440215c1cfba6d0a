"""Numbers that show whether a field rotates, from its velocities, offsets, mask and tracer."""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.robust import TINY, median
from mangapa._utils.threads import one_blas_thread
from mangapa.fitting._points import MIN_POINTS
from mangapa.fitting._prepared import on_one_line, prepare
from mangapa.flags import PAFlags
from mangapa.usability._descriptor_groups import (
    FEWEST_SHARED,
    GROUPS,
    RATIO_FLOOR,
    SPEED_FLOOR,
    correlation,
    ranks,
)
from mangapa.usability._on_axis import FieldOnAxis
from mangapa.usability._sampling import resampled


@dataclass(frozen=True, kw_only=True, eq=False)
class FieldDescriptors:
    """Descriptors of one field, and the field itself for a comparison with the other tracer."""

    values: np.ndarray  # in the order of `DESCRIPTORS`
    on_axis: FieldOnAxis


def compute_descriptors(field):
    """`FieldDescriptors` of a cleaned field, or `None`, and the `~mangapa.PAFlags` that say why."""
    return descriptors_prepared(prepare(field))


def descriptors_prepared(prepared):
    """`compute_descriptors` of a field that was prepared already."""
    if prepared.flags:
        return None, prepared.flags
    spaxels = resampled(prepared.spaxels)
    if spaxels.points.velocity.size < MIN_POINTS:
        return None, PAFlags.TOO_FEW_SPAXELS
    if on_one_line(spaxels.x, spaxels.y):  # few points of a thin field are on the grid
        return None, PAFlags.NO_EXTENT
    with one_blas_thread():
        on_axis = FieldOnAxis.of(spaxels, median(spaxels.velocity))
        found = {"is_gas": float(prepared.field.tracer == "halpha")}
        for group in GROUPS:
            found |= group(on_axis)
    values = np.nan_to_num(np.array([found[name] for name in DESCRIPTORS], float))
    return FieldDescriptors(values=values, on_axis=on_axis), PAFlags.NONE


def pair_descriptors(one, other):
    """Compare `FieldDescriptors` with those of the galaxy's other tracer: `PAIR_DESCRIPTORS`."""
    one, other = one.on_axis, other.on_axis
    n_one, n_other = one.velocity.size, other.velocity.size
    inside, row, column = other.nearest(one.spaxels.x, one.spaxels.y)
    shared = inside.sum()
    found = {
        "pair_amplitude": np.log10((one.amplitude + 1) / (other.amplitude + 1)),
        "pair_noise": np.log10((one.noise + SPEED_FLOOR) / (other.noise + SPEED_FLOOR)),
        "pair_overlap": shared / (n_one + n_other - shared),
        "pair_size": np.log10(n_one / n_other),
    }
    if shared >= FEWEST_SHARED:
        a, model_a = one.velocity[inside], one.model[inside]
        b, model_b = (other.on_map(v)[row, column] for v in (other.velocity, other.model))
        found |= {
            "pair_correlation": correlation(a, b),
            "pair_ranks": correlation(ranks(a), ranks(b)),
            "pair_residuals": correlation(a - model_a, b - model_b),
            "pair_by_other_model": correlation(a, model_b),
            "pair_other_by_model": correlation(b, model_a),
            "pair_difference": np.log10(
                np.std(a - b) / (np.std(a) + np.std(b) + TINY) + RATIO_FLOOR
            ),
        }
    return np.array([found.get(name, 0.0) for name in PAIR_DESCRIPTORS])


#: Descriptors of one field, in the order of a network's inputs.
DESCRIPTORS = (
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
#: Descriptors of a field and that of the galaxy's other tracer.
PAIR_DESCRIPTORS = (
    *("pair_amplitude", "pair_noise", "pair_overlap", "pair_size", "pair_correlation"),
    *("pair_ranks", "pair_residuals", "pair_by_other_model", "pair_other_by_model"),
    "pair_difference",
)
