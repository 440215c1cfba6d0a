"""Reject what would mislead a fit: disconnected regions and spuriously high velocities."""

from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u

from mangapa._utils.options import none_or, option
from mangapa._utils.quantities import scalar
from mangapa._utils.robust import median
from mangapa.fields import VelocityField, check_field
from mangapa.flags import Rejection

__all__ = ["clean"]

#: Smallest region that is kept, as a fraction of all good spaxels (Duckworth et al. 2020).
MIN_REGION = 0.1
#: Clipping threshold in standard deviations: the default of astropy (Duckworth et al. 2020).
SIGMA = 3.0
#: Angles between the steps of a square lattice and of a hexagonal one, radian.
LATTICES = (np.pi / 2, np.pi / 3)
#: Positions are on a lattice if they are within this many steps of where it puts them; the centres
#: of bins of two or more spaxels are further off.
OFF_LATTICE = 0.1
#: Those closer than this many steps are adjacent; across the corner of a square it is 1.41.
ADJACENT = 1.2
#: Neighbours in the rows of a map are near if their median distance is at most this many times the
#: mean distance of positions that fill the field; on a lattice it is less than one. Distances below
#: the least spacing, arcsec, are near whatever the field.
FARTHEST_NEIGHBOUR, LEAST_SPACING = 3.0, 1e-6
#: Fewest positions that can show a lattice.
FEWEST_ON_A_LATTICE = 3
#: Least share of the spaxels that hold a fill value; fewest different velocities of the others, so
#: that there is a field without it; and percentiles between which these count (chosen by hand).
FILL_SHARE, FEWEST_DISTINCT, TAILS = 0.1, 20, (1, 99)
#: Rounds of clipping: the default of astropy (Duckworth et al. 2020).
CLIPPING_ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class CleanSettings:
    """
    Options of `~mangapa.clean`, validated and plain.

    Raises
    ------
    ValueError
        If a value is out of its range.
    """

    sigma: float | None = option(
        SIGMA,
        "clipping threshold in standard deviations, or none",
        parse=none_or(float),
        metavar="N",
    )
    min_region: float = option(
        MIN_REGION,
        "smallest connected region that is kept, as a fraction of the good spaxels",
        parse=float,
        metavar="SHARE",
    )

    def __post_init__(self):
        if self.sigma is not None:
            object.__setattr__(self, "sigma", scalar("sigma", self.sigma, u.one, positive=True))
        min_region = scalar("min_region", self.min_region, u.one)
        if not 0 <= min_region <= 1:
            msg = f"min_region={self.min_region!r} must be a fraction between 0 and 1"
            raise ValueError(msg)
        object.__setattr__(self, "min_region", min_region)


def clean(
    field: VelocityField, *, sigma: float | None = SIGMA, min_region: float = MIN_REGION
) -> VelocityField:
    """
    Remove disconnected regions and spuriously high velocities from a field.

    First, a fill value is removed, such as -999: the lowest or highest velocity, if a tenth of the
    spaxels share it exactly, and it is further from the others than they are from each other. Then
    regions of good spaxels, connected through their four neighbours, are removed if they hold less
    than ``min_region`` of all good spaxels. The neighbours of a list of spaxels or fibres are those
    next to them on the sky, whatever their order; bin centres have none, and all are kept. Then
    velocities are removed by iterative sigma clipping about the median (Duckworth et al. 2020,
    MNRAS 492, 1869, section 2).

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        The field to clean.
    sigma : `float` or `None`, optional
        Clipping threshold in standard deviations; `None` clips nothing.
    min_region : `float`, optional
        Smallest region that is kept, as a fraction (0-1) of the good spaxels; 0 keeps all.

    Returns
    -------
    `~mangapa.VelocityField`
        A new field with a larger ``mask``; its ``rejection`` says why each spaxel was removed.

    Raises
    ------
    TypeError
        If ``field`` is not a field.
    ValueError
        If a threshold is out of its range.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=37, outliers=0.01, seed=1)
    >>> mangapa.clean(galaxy.halpha)
    <VelocityField of 9999-3701, halpha: 44 x 44 spaxels, 799 good, 6 outlying_velocity>
    """
    return clean_with(field, CleanSettings(sigma=sigma, min_region=min_region))


def clean_with(field, settings):
    """`clean` with its options as one value, `CleanSettings` or `~mangapa.MeasurementSettings`."""
    from astropy.stats import sigma_clip

    check_field("field", field)
    rejection = field.rejection.copy()
    good = field.good
    fill = _fill_values(field.velocity.value, good)
    rejection[fill] |= Rejection.OUTLYING_VELOCITY.value
    good &= ~fill
    field = replace(field, mask=~good)
    small = good & ~_large_regions(field, settings.min_region)
    rejection[small] |= Rejection.SMALL_REGION.value
    good &= ~small
    if settings.sigma is not None and good.any():
        velocity = field.velocity[good].value
        clipped = sigma_clip(velocity, sigma=settings.sigma, maxiters=CLIPPING_ROUNDS)
        outlying = np.zeros_like(good)
        outlying[good] = np.ma.getmaskarray(clipped)
        rejection[outlying] |= Rejection.OUTLYING_VELOCITY.value
        good &= ~outlying
    return replace(field, mask=~good, rejection=rejection)


def _fill_values(velocity, good):
    """True on good spaxels that hold a fill value instead of a velocity."""
    fill = np.zeros_like(good)
    if not good.any():
        return fill
    for end in (velocity[good].min(), velocity[good].max()):
        same = good & (velocity == end)
        if same.sum() < FILL_SHARE * good.sum():
            continue
        rest = np.unique(velocity[good & ~same])
        if rest.size < FEWEST_DISTINCT:
            continue
        low, high = np.percentile(rest, TAILS)
        if max(low - end, end - high) > high - low:
            fill |= same
    return fill


def _large_regions(field, min_region):
    """True on the connected regions of good spaxels that are large enough to be kept."""
    from scipy.ndimage import label

    good = field.good
    x, y = field.x.value, field.y.value
    if 1 in good.shape or not _neighbours_are_near(x, y, good):  # positions in any order
        labels = np.zeros(good.shape, int)
        labels[good] = _pieces(x[good], y[good])
    else:
        labels, _ = label(good)
    sizes = np.bincount(labels[good], minlength=1)
    return good & (sizes >= min_region * good.sum())[labels]


def _neighbours_are_near(x, y, good):
    """Whether neighbours in the rows of a map are so on the sky, and it is not a reshaped list."""
    pairs = good[:, 1:] & good[:, :-1]
    if not pairs.any():
        return True
    # Bad spaxels may be anywhere, even at infinity.
    x_steps, y_steps = (part[:, 1:][pairs] - part[:, :-1][pairs] for part in (x, y))
    steps = np.hypot(x_steps, y_steps)
    spacing = np.sqrt(np.ptp(x[good]) * np.ptp(y[good]) / np.count_nonzero(good))
    return median(steps) <= FARTHEST_NEIGHBOUR * max(spacing, LEAST_SPACING)


def _pieces(x, y):
    """
    Number of the connected piece of each position.

    Positions on a square or hexagonal lattice are connected to the next ones; others, such as the
    centres of bins, have no known neighbours, and are one piece.
    """
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    one_piece = np.zeros(x.size, int)
    places = np.column_stack([x, y])
    if x.size < FEWEST_ON_A_LATTICE:
        return one_piece
    tree = KDTree(places)
    distance, nearest = tree.query(places, k=2)
    distance, nearest = distance[:, 1], nearest[:, 1]
    start = int(distance.argmin())
    step = places[nearest[start]] - places[start]
    length = np.hypot(*step)
    if length == 0 or not any(_on_a_lattice(places - places[start], step, a) for a in LATTICES):
        return one_piece
    links = tree.sparse_distance_matrix(tree, ADJACENT * length, output_type="coo_matrix")
    return connected_components(links, directed=False)[1]


def _on_a_lattice(places, step, angle):
    """Whether all places are whole numbers of steps away, and of steps turned by an angle."""
    cosine, sine = np.cos(angle), np.sin(angle)
    other = np.array([cosine * step[0] - sine * step[1], sine * step[0] + cosine * step[1]])
    index = places @ np.linalg.inv(np.stack([step, other]))
    return np.abs(index - np.rint(index)).max() < OFF_LATTICE
