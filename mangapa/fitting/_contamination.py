"""Find a patch of a field that is no part of its disc, such as a blended neighbour."""

import numpy as np

from mangapa._utils.robust import median, percentile, scatter

#: Area of a resolution element of MaNGA, arcsec^2: a circle of 2.5 arcsec in diameter, the full
#: width at half maximum of its PSF (Law et al. 2016). Nothing that is real is smaller.
BEAM = np.pi * 1.25**2
#: A patch is looked for where residuals exceed the first number of scales, and reaches as far as
#: the second. The disc follows the patch, which is why both are low.
SEED, SEED_EDGE = 2.5, 1.0
#: It must exceed these once the disc is fitted without it.
DEVIANT, EDGE = 4.0, 2.0
#: And exceed the scatter of what is as far from the centre this many times: the noise of the outer
#: bins of real fields can be far above that of the others.
ABOVE_SURROUNDINGS = 4.0
#: And nine tenths of what is as far from the centre this many times.
ABOVE_MOST, MOST = 1.5, 90
#: And differ from the disc by at least this share of the rotation: flows in
#: bars and ovals are below a fifth or so (benchmarks/validation.py).
LEAST_VELOCITY = 0.3
#: And be one-sided: rotation, bars and warps are antisymmetric about the centre, so that the place
#: opposite is off by as much with the other sign; outflows and wrong systemic velocities by as much
#: with the same.
MIRRORED = 0.5
#: And explain residuals: without it, their scale is at most this share of what it was. What differs
#: by more than all of the rotation need not.
LEAST_DROP = 0.9
#: And pull the angle by more than this many of its errors: what does not is harmless.
LEAST_PULL = 1.0
#: Largest share of the spaxels that may be left out.
LARGEST = 0.4
#: Fewest bins that must remain.
FEWEST_LEFT = 12
#: Rounds in which the patch grows and shrinks as the disc gets free of it, and most patches.
ROUNDS, MOST_PATCHES = 5, 3
#: Share of the rotation's percentiles that is its amplitude.
AMPLITUDE_PERCENTILE = 90


def contaminated(spaxels):
    """
    Which spaxels belong to a patch that is no part of the disc and pulls its angle.

    A patch is a connected region, of a beam's area or more, that deviates from the disc to one
    side. The disc is fitted again without it, and the patch is what deviates from that disc,
    until it no longer changes. The constants of this module say what counts. Returns booleans,
    shape (n,), or `None` if there is nothing. Scattered spaxels, which have no grid, are not
    searched. (The limits hold for benchmarks/validation.py: blended neighbours are found, and few
    plain discs or clean real fields are touched.)
    """
    if spaxels.grid is None:
        return None
    out = None
    rest = spaxels
    for _ in range(MOST_PATCHES):
        found = _worst_patch(rest)
        if found is None:
            break
        if out is None:
            out = found
        else:
            out[np.flatnonzero(~out)[found]] = True
        rest = spaxels.without(out)
    return out


def _worst_patch(spaxels):
    """The patch that deviates most, as booleans of shape (n,), or `None`."""
    deviation = _deviation(spaxels, spaxels.disc)
    for inside, sign in _seeds(spaxels, deviation):
        found = _refined(spaxels, inside, sign)
        if found is not None:
            return found
    return None


def _deviation(spaxels, disc):
    """Residuals of the spaxels from a disc that was fitted to some of them, over their scale."""
    points = spaxels.points
    residual = points.velocity - disc.velocity_at(points.x, points.y)
    return (residual / disc.noise)[points.bins]


def _amplitude(disc, spaxels):
    """Amplitude of the rotation over the spaxels, km/s."""
    rotation = disc.rotation_at(spaxels.points.x, spaxels.points.y)
    return percentile(np.abs(rotation), AMPLITUDE_PERCENTILE)


def _regions(spaxels, deviation, edge):
    """Number of the connected region above ``edge`` of each spaxel, 0 for none."""
    from scipy.ndimage import label

    above = np.zeros(spaxels.good.shape, bool)
    above.ravel()[spaxels.index] = deviation > edge
    return label(above)[0].ravel()[spaxels.index]


def _seeds(spaxels, deviation):
    """Patches of either sign that may be no part of the disc, the most deviant first."""
    least = BEAM / spaxels.grid.spaxel**2
    seeds, everywhere = [], median(np.abs(deviation))
    amplitude = _amplitude(spaxels.disc, spaxels)
    for sign in (1, -1):
        signed = sign * deviation
        high = signed > SEED
        if np.count_nonzero(high) < least:
            continue
        region = _regions(spaxels, signed, SEED_EDGE)
        sizes = np.bincount(region[high])
        for number in np.flatnonzero(sizes >= least):
            inside = region == number
            drops = median(np.abs(signed[~inside])) < LEAST_DROP * everywhere
            wild = median(signed[inside]) * spaxels.disc.noise > amplitude
            if (drops or wild) and _is_one_sided(spaxels, spaxels.disc, signed, inside):
                seeds.append((np.sum(np.minimum(signed[inside], 10.0)), inside, sign))
    seeds.sort(key=lambda seed: -seed[0])
    return [seed[1:] for seed in seeds[:1]]


def _refined(spaxels, inside, sign):
    """Grow a patch until it is what deviates from the disc without it; `None` if that is little."""
    least = BEAM / spaxels.grid.spaxel**2
    points = spaxels.points
    for _ in range(ROUNDS):
        touched = np.zeros(points.x.size, bool)
        touched[points.bins[inside]] = True
        if inside.mean() > LARGEST or np.count_nonzero(~touched) < FEWEST_LEFT:
            return None
        rest = spaxels.without(inside)
        rest.start_disc_from(spaxels.disc.angle)
        signed = sign * _deviation(spaxels, rest.disc)
        if rest.disc.noise > LEAST_DROP * spaxels.disc.noise:
            velocity = median(signed[inside]) * rest.disc.noise
            if velocity < _amplitude(rest.disc, rest):
                return None
        region = _regions(spaxels, signed, EDGE)
        sizes = np.bincount(region[signed > DEVIANT], minlength=region.max() + 1)
        sizes[0] = 0
        keep = np.intersect1d(region[inside], np.flatnonzero(sizes >= least))
        before, inside = inside, np.isin(region, keep)
        if not inside.any():
            return None
        if np.array_equal(before, inside):
            break
    else:
        inside = before
    return inside if _is_foreign(spaxels, rest, signed, inside) else None


def _is_foreign(spaxels, rest, signed, inside):
    """Whether a patch is no part of the disc, that of the ``rest``, and matters to its angle."""
    before, after = spaxels.disc, rest.disc
    pull = np.degrees(abs((after.angle - before.angle + np.pi / 2) % np.pi - np.pi / 2))
    if pull < LEAST_PULL * rest.disc_error:
        return False
    if median(signed[inside]) * after.noise < LEAST_VELOCITY * _amplitude(after, rest):
        return False
    return _is_one_sided(spaxels, after, signed, inside) and _stands_out(
        spaxels, after, signed, inside
    )


def _stands_out(spaxels, disc, signed, inside):
    """Whether a patch deviates more than all that is as far from the centre."""
    east, north = disc.centre
    radius = np.hypot(spaxels.x - east, spaxels.y - north)
    beam_radius = np.sqrt(BEAM / np.pi)
    others = signed[~inside & (radius > percentile(radius[inside], 25) - beam_radius)]
    if others.size * spaxels.grid.spaxel**2 < BEAM:
        return False
    deviation = median(signed[inside])
    return deviation > ABOVE_SURROUNDINGS * max(
        scatter(others), 1.0
    ) and deviation > ABOVE_MOST * percentile(np.abs(others), MOST)


def _is_one_sided(spaxels, disc, signed, inside):
    """Whether what is opposite a patch does not deviate, as far as it was observed."""
    on_map = np.full(spaxels.good.shape, np.nan)
    on_map.ravel()[spaxels.index] = signed
    east, north = disc.centre
    column, row = spaxels.grid.nearest(2 * east - spaxels.x[inside], 2 * north - spaxels.y[inside])
    rows, columns = on_map.shape
    seen = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    opposite = on_map[row[seen], column[seen]]
    opposite = opposite[np.isfinite(opposite)]
    if opposite.size * spaxels.grid.spaxel**2 < BEAM / 2:
        return True
    return abs(median(opposite)) < MIRRORED * median(signed[inside])
