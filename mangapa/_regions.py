"""Regions of neighbouring positions, whose neighbours are told by how a field is sampled."""

import numpy as np

from mangapa._utils.robust import median

#: Angles between the steps of a square lattice and of a hexagonal one, radian.
SQUARE, HEXAGONAL = np.pi / 2, np.pi / 3
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
#: Large regions of adjacent spaxels hold at least this share of a field that is sampled without
#: gaps: 0.87 or more in the 9,545 real MaNGA fields of shared data. Where they hold less, the gaps
#: are crossed, the narrowest first, until they do.
MOST = 0.8
#: The spacing about a position is the distance of this neighbour: the step of a square lattice.
NEIGHBOUR = 4
#: Gaps up to this many spacings are crossed in any case, and none beyond this share of the radius
#: that holds the field's inner 90 % (chosen by hand).
CROSSED, WIDEST_GAP, INNER_PERCENTILE = 3.0, 0.5, 90


def large_regions(x, y, good, min_region):
    """
    Which good spaxels are in regions with at least the share ``min_region`` of them.

    ``x`` and ``y`` are offsets, arcsec, shape (ny, nx) as ``good`` and the result.
    """
    large = good.copy()
    if not min_region or not good.any():
        return large
    places = np.column_stack([x[good], y[good]])
    pieces = _adjacent(x, y, good, places)
    kept = _are_large(pieces, min_region)
    if kept.mean() < MOST:
        kept = _are_large(_across_gaps(places, pieces, min_region), min_region)
    if kept.any():  # else there is no body that others are cut off from
        large[good] = kept
    return large


def _are_large(pieces, min_region):
    """True on the positions of pieces that hold enough of them all."""
    sizes = np.bincount(pieces)
    return (sizes >= min_region * pieces.size)[pieces]


def _adjacent(x, y, good, places):
    """Number of the piece of adjacent spaxels that each good one is in."""
    from scipy.ndimage import label

    if 1 in good.shape or not _neighbours_are_near(x, y, good):  # positions in any order
        return _on_lattice(places)
    return label(good)[0][good] - 1


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


def _on_lattice(places):
    """
    Number of the connected piece of each position.

    Positions on a square or hexagonal lattice are connected to the next ones; others, such as the
    centres of bins, have no known neighbours, and are one piece.
    """
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    step = lattice_step(places, (SQUARE, HEXAGONAL))
    if step is None:
        return np.zeros(len(places), int)
    tree = KDTree(places)
    links = tree.sparse_distance_matrix(tree, ADJACENT * step, output_type="coo_matrix")
    return connected_components(links, directed=False)[1]


def lattice_step(places, angles=(SQUARE,)):
    """
    Length of the steps of the lattice on which all places are; `None` where there is none.

    ``places`` has shape (n, 2); ``angles`` are those that the lattice may have between its steps.
    """
    from scipy.spatial import KDTree

    if len(places) < FEWEST_ON_A_LATTICE:
        return None
    distance, nearest = (part[:, 1] for part in KDTree(places).query(places, k=2))
    start = int(distance.argmin())
    step = places[nearest[start]] - places[start]
    length = float(np.hypot(*step))
    if length > 0 and any(_is_lattice(places - places[start], step, angle) for angle in angles):
        return length
    return None


def _is_lattice(places, step, angle):
    """Whether all places are whole numbers of steps away, and of steps turned by an angle."""
    cosine, sine = np.cos(angle), np.sin(angle)
    other = np.array([cosine * step[0] - sine * step[1], sine * step[0] + cosine * step[1]])
    index = places @ np.linalg.inv(np.stack([step, other]))
    return np.abs(index - np.rint(index)).max() < OFF_LATTICE


def _across_gaps(places, pieces, min_region):
    """
    Join pieces across gaps, in units of the spacing there, until most positions are together.

    The gaps are edges of the Delaunay triangulation of the borders of the pieces.
    """
    from scipy.spatial import Delaunay, KDTree, QhullError

    distance = KDTree(places).query(places, k=min(NEIGHBOUR + 1, len(places)))[0][:, 1:]
    spacing = distance[:, -1]
    border = np.flatnonzero(spacing > ADJACENT * distance.min())
    try:
        triangles = border[Delaunay(places[border]).simplices]
    except (QhullError, ValueError):  # on one line, or too few
        return np.zeros_like(pieces)
    sides = [triangles[:, pair] for pair in ([0, 1], [1, 2], [2, 0])]
    one, other = np.concatenate(sides).T
    gap = np.hypot(*(places[one] - places[other]).T)
    middle = np.median(places, axis=0)
    radius = np.percentile(np.hypot(*(places - middle).T), INNER_PERCENTILE)
    crossed = (pieces[one] != pieces[other]) & (gap <= WIDEST_GAP * radius)
    one, other, gap = one[crossed], other[crossed], gap[crossed]
    typical = np.sqrt(spacing[one] * spacing[other])
    ratio = gap / np.maximum(typical, LEAST_SPACING)

    def joined(limit):
        near = ratio <= limit
        return _connected(pieces, pieces[one[near]], pieces[other[near]])

    limits = np.append(CROSSED, np.unique(ratio[ratio > CROSSED]))
    low, high = 0, limits.size - 1
    while low < high:
        half = (low + high) // 2
        enough = _are_large(joined(limits[half]), min_region).mean() >= MOST
        low, high = (low, half) if enough else (half + 1, high)
    return joined(limits[low])


def _connected(pieces, one, other):
    """Number the pieces anew, those linked by pairs of numbers as one."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    n = pieces.max() + 1
    links = coo_matrix((np.ones(one.size, bool), (one, other)), (n, n))
    return connected_components(links, directed=False)[1][pieces]
