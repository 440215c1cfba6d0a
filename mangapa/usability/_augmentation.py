"""Fields of one survey as others would see them, so that networks do not learn its sampling."""

import numpy as np

from mangapa.fields import VelocityField
from mangapa.fitting._points import bins_by_velocity

#: Probability of each change of a field, in the order in which they are made. The amounts below
#: are ranges of uniform numbers; all were chosen by hand, wide enough for the surveys that
#: docs/usability.rst names.
UNBINNED, COARSER, CROPPED, PATCHY, THINNED = 0.5, 0.25, 0.3, 0.5, 0.3
#: Radius of the part that is kept, over that of the field, and its place about the centre.
CROP_RADIUS, CROP_OFFSET = (0.5, 0.9), 0.2
#: Share of the spaxels in gaps, and the size of the gaps, spaxels.
GAPS, GAP_SIZE = (0.05, 0.5), (0.5, 3.0)
#: Share of the spaxels that stay where a field is thinned.
STAYING = (0.15, 0.6)
#: Noise of spaxels that were taken out of their bins, over the scatter of neighbouring bins.
UNBINNED_NOISE = 0.3
#: Fewest spaxels of a field that is changed further.
FEWEST = 60


def varied(field, rng):
    """Another view of a cleaned field: other bins, spaxels, outline and gaps, without errors."""
    velocity = np.where(field.good, field.velocity.value, np.nan)
    x, y = field.x.value, field.y.value
    if rng.random() < UNBINNED:
        velocity = _unbinned(velocity, rng)
    if rng.random() < COARSER:
        velocity, x, y = (_halved(values) for values in (velocity, x, y))
    for chance, keep in ((CROPPED, _crop), (PATCHY, _outside_gaps), (THINNED, _thinned)):
        if rng.random() < chance:
            inside = keep(velocity, x, y, rng)
            if np.sum(inside & np.isfinite(velocity)) >= FEWEST:
                velocity = np.where(inside, velocity, np.nan)
    return VelocityField.from_arrays(velocity, x, y, tracer=field.tracer, galaxy=field.galaxy)


def _unbinned(velocity, rng):
    """Velocities interpolated between the centres of the bins, with a little noise."""
    from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
    from scipy.spatial import QhullError

    good = np.isfinite(velocity)
    places, values = np.argwhere(good).astype(float), velocity[good]
    bins = bins_by_velocity(values, good)
    count = np.bincount(bins)
    if count.size in (values.size, 1):
        return velocity
    centres = np.stack([np.bincount(bins, places[:, k]) / count for k in (0, 1)], axis=1)
    of_bin = np.bincount(bins, values) / count
    try:
        smooth = LinearNDInterpolator(centres, of_bin)(places)
    except QhullError:  # the bins are in one line
        return velocity
    beyond = ~np.isfinite(smooth)
    smooth[beyond] = NearestNDInterpolator(centres, of_bin)(places[beyond])
    scatter = np.std(values - smooth)
    unbinned = velocity.copy()
    unbinned[good] = smooth + UNBINNED_NOISE * scatter * rng.normal(size=values.size)
    return unbinned


def _halved(values):
    """Means over two by two places, NaN where none is known."""
    ny, nx = (side - side % 2 for side in values.shape)
    blocks = values[:ny, :nx].reshape(ny // 2, 2, nx // 2, 2)
    known = np.isfinite(blocks)
    count = known.sum(axis=(1, 3))
    total = np.where(known, blocks, 0).sum(axis=(1, 3))
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def _crop(velocity, x, y, rng):
    """A circle or a square about a place near the centre."""
    good = np.isfinite(velocity)
    reach = np.hypot(x[good], y[good]).max()
    radius = reach * rng.uniform(*CROP_RADIUS)
    east, north = rng.normal(scale=CROP_OFFSET * reach, size=2)
    if rng.random() < 0.5:
        return np.hypot(x - east, y - north) <= radius
    turn = rng.uniform(0, np.pi / 2)
    along = (x - east) * np.cos(turn) + (y - north) * np.sin(turn)
    across = (y - north) * np.cos(turn) - (x - east) * np.sin(turn)
    return np.maximum(np.abs(along), np.abs(across)) <= radius


def _outside_gaps(velocity, x, y, rng):
    """All places but patches of one typical size."""
    from scipy.ndimage import gaussian_filter

    waves = gaussian_filter(rng.normal(size=velocity.shape), rng.uniform(*GAP_SIZE))
    return waves >= np.quantile(waves, rng.uniform(*GAPS))


def _thinned(velocity, x, y, rng):
    """A random part of the places."""
    return rng.random(velocity.shape) < rng.uniform(*STAYING)
