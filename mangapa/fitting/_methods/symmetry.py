"""The published objective, the bi-antisymmetrised map at each angle, without triangulation."""

from functools import lru_cache

import numpy as np

from mangapa.fitting._curves import three_sigma
from mangapa.fitting._methods import register_method
from mangapa.fitting._points import on_one_line
from mangapa.fitting._results import PAFit
from mangapa.fitting._scattered import on_a_grid

#: Angles that are worked on at once: few enough for the processor's cache; and places, for large
#: maps.
CHUNK, PLACES_AT_ONCE = 20, 1_000_000
#: Cells about the map: those at its edge have no corner on the hull.
MARGIN = 2
#: Places beyond the map are moved into its last cells, this far from their end.
EDGE = 0.5
#: A mirror point counts if it is inside the convex hull of the spaxels, give or take this fraction
#: of a spaxel, so that the hull's own corners are inside.
HULL_TOLERANCE = 1e-3
#: Decimals to which edges of the hull are compared: spaxels in line give each of them twice.
EDGE_DECIMALS = 9
#: Values are extrapolated this many spaxels beyond the hull, for the cells that it crosses.
BEYOND = 1.5
#: Displacement, in spaxels, that makes a regular lattice safe to triangulate.
JITTER = 1e-3


@register_method("symmetry", stepped=True)
def fit(spaxels, *, n_steps):
    """
    Of ``n_steps`` axes, find the one about which the bi-antisymmetrised map is closest to the map.

    Each velocity is averaged with those at its three mirror points that are inside the field:
    reflected about the axis and, with their sign changed, about its perpendicular and through the
    centre. Mirror values are interpolated bilinearly (Krajnovic et al. 2006, MNRAS 366, 787,
    Appendix C).
    """
    spaxels, _ = on_a_grid(spaxels, np.ones(spaxels.velocity.size))
    if on_one_line(spaxels.x, spaxels.y):  # few points of a thin field are on the grid
        return PAFit(pa_axis=np.nan)
    angles = np.linspace(0, 180, n_steps)
    chi2, offsets = mirror_curve(spaxels, np.radians(angles), spaxels.error**-2.0)
    best = int(np.argmin(chi2))
    return PAFit(
        pa_axis=float(angles[best] % 180.0),
        error_3sigma=three_sigma(chi2[:-1], spaxels.velocity.size),
        v_sys=float(offsets[best]),
        chi2=float(chi2[best]),
    )


def mirror_curve(spaxels, angles, ivar):
    """
    The published objective at many angles, for spaxels on a grid.

    ``angles`` are axes in radian, in equal steps over 180 degrees with both ends, shape (n,);
    ``ivar`` are the inverse variances of the spaxels. Returns chi-square, and the mean of map less
    symmetrised map in km/s, each of shape (n,).
    """
    surface = _Surface(spaxels)
    velocity = spaxels.velocity.astype(np.float32)
    places = np.stack([spaxels.x, spaxels.y])
    ivar = ivar.astype(np.float32)
    through, n_through = surface.look_up(np.array([-np.eye(2)]), places)
    base, n_base = velocity - through, 1 + n_through
    chi2, offset = np.empty(angles.size), np.empty(angles.size)

    def evaluate(steps, symmetric, count):
        symmetric /= count
        difference = np.subtract(velocity, symmetric, out=symmetric)
        offset[steps] = difference.mean(axis=1)
        chi2[steps] = np.einsum("ij,ij,j->i", difference, difference, ivar)

    # The mirror points about an axis at right angles are the same, with the signs changed: where
    # the steps have it, one look-up serves both.
    quarter, odd = divmod(angles.size - 1, 2)
    n_steps = angles.size if odd else quarter
    chunk = min(CHUNK, max(PLACES_AT_ONCE // velocity.size, 1))
    for start in range(0, n_steps, chunk):
        steps = np.arange(start, min(start + chunk, n_steps))
        cosine, sine = np.cos(2 * angles[steps]), np.sin(2 * angles[steps])
        about = np.moveaxis(np.array([[-cosine, sine], [sine, cosine]]), -1, 0)
        same, count = surface.look_up(about, places)
        opposite, n_opposite = surface.look_up(-about, places)
        count += n_opposite
        count += n_base
        same -= opposite
        evaluate(steps, base + same, count)
        if not odd:
            evaluate(steps + quarter, np.subtract(base, same, out=same), count)
    if not odd:
        chi2[-1], offset[-1] = chi2[0], offset[0]
    return chi2, offset


class _Surface:
    """The map as a bilinear surface inside the convex hull of its spaxels, zero outside."""

    def __init__(self, spaxels):
        grid, good = spaxels.grid, spaxels.good
        row, column = np.nonzero(good)
        first_row, first_column = row.min() - MARGIN, column.min() - MARGIN
        row, column = row - first_row, column - first_column
        shape = row.max() + MARGIN + 1, column.max() + MARGIN + 1
        # Columns and rows are counted from where no mirror point is negative.
        reach = np.hypot(spaxels.x, spaxels.y).max()
        self._steps = np.linalg.inv(grid.steps)
        half = np.ceil(reach * np.abs(self._steps).sum(axis=1).max()) + 2
        centre = np.array(grid.index(0.0, 0.0))
        count_from = np.floor(centre) - half
        self._centre = centre - count_from
        self._first = np.array([first_column, first_row]) - count_from
        present, values = np.zeros(shape, bool), np.zeros(shape)
        present[row, column] = True
        values[row, column] = spaxels.velocity

        self._footprint = footprint = _footprint(shape, present.tobytes())
        self._shape = shape[0] - 1, shape[1] - 1
        self._values = _cells(footprint.filled(values))
        for coefficient in self._values:
            coefficient[footprint.outside] = 0

    def look_up(self, mirrors, places):
        """Values at mirrored places, and 1 where there is one; shape (mirrors, places)."""
        to_index = (self._steps @ mirrors).astype(np.float32)
        places = places.astype(np.float32)
        column = to_index[:, 0] @ places
        column += np.float32(self._centre[0])
        row = to_index[:, 1] @ places
        row += np.float32(self._centre[1])
        # Beyond the map there is nothing, as in the cells at its edge.
        (rows, columns), (first_column, first_row) = self._shape, self._first
        for index, first, size in ((column, first_column, columns), (row, first_row, rows)):
            np.maximum(index, np.float32(first), out=index)
            np.minimum(index, np.float32(first + size - EDGE), out=index)
        cell_column, cell_row = column.astype(np.int32), row.astype(np.int32)
        column -= cell_column
        row -= cell_row
        cell_column -= np.int32(first_column)
        cell_row -= np.int32(first_row)
        cell = cell_row.astype(np.intp)
        cell *= columns
        cell += cell_column

        def at_cell(values):
            # No cell is out of range, so that none is clipped; to raise instead takes longer.
            return values.take(cell, mode="clip")

        constant, by_column, by_row, by_both = self._values
        value = at_cell(by_both)
        value *= column
        value += at_cell(by_row)
        value *= row
        part = at_cell(by_column)
        part *= column
        value += part
        value += at_cell(constant)
        inside = at_cell(self._footprint.inside)
        # Only the cells that the hull crosses need a closer look.
        close = np.flatnonzero(at_cell(self._footprint.crossed))
        cell, column, row = (a.ravel()[close] for a in (cell, column, row))
        constant, by_column, by_row, by_both = (c[cell] for c in self._footprint.distance)
        outside = constant + column * by_column + row * (by_row + column * by_both) > 0
        inside.ravel()[close] = ~outside
        value.ravel()[close[outside]] = 0
        return value, inside


class _Footprint:
    """What the surface of a map depends on besides its values: the spaxels that are ``present``."""

    def __init__(self, present):
        distance = _hull_distance(present)
        within = distance <= HULL_TOLERANCE
        self._holes, self._rim, self._share = _over_holes(present, within)
        known = present.copy()
        known.ravel()[self._holes] = True
        self._rounds = _growth(known, distance < BEYOND)
        distance -= HULL_TOLERANCE
        corners = _corners(distance)
        lowest, highest = np.min(corners, axis=0).ravel(), np.max(corners, axis=0).ravel()
        #: Cells outside of the hull, those inside as 1, those that it crosses, and its distance.
        self.outside = np.flatnonzero(lowest > 0)
        self.inside = (highest <= 0).astype(np.float32)
        self.crossed = (lowest <= 0) & (highest > 0)
        self.distance = _cells(distance)

    def filled(self, values):
        """Fill the holes of values, zero where none is present, and extend them over the edge."""
        flat = values.ravel()
        flat[self._holes] = np.sum(flat[self._rim] * self._share, axis=1)
        for places, weight in self._rounds:
            flat[places] = _beside(values).take(places) / weight
        return values


@lru_cache(maxsize=1)
def _footprint(shape, present):
    """The `_Footprint`, kept for the other tracer and for the draws of an error."""
    return _Footprint(np.frombuffer(present, bool).reshape(shape))


def _corners(surface):
    return surface[:-1, :-1], surface[:-1, 1:], surface[1:, :-1], surface[1:, 1:]


def _cells(surface):
    """Coefficients of 1, column, row and their product in each cell."""
    a, b, c, d = _corners(surface)
    return [np.float32(part).ravel() for part in (a, b - a, c - a, a + d - b - c)]


def _hull_distance(present):
    """Distance in spaxels from the convex hull of the spaxels, negative inside."""
    from scipy.spatial import ConvexHull

    row = np.flatnonzero(present.any(axis=1))
    first = present[row].argmax(axis=1)
    last = present.shape[1] - 1 - present[row, ::-1].argmax(axis=1)
    ends = np.column_stack([np.tile(row, 2), np.concatenate([first, last])])
    edges = np.unique(ConvexHull(ends).equations.round(EDGE_DECIMALS), axis=0)
    rows, columns = np.indices(present.shape).reshape(2, -1)
    places = np.stack([rows, columns, np.ones(rows.size)])
    return (edges @ places).max(axis=0).reshape(present.shape)


def _over_holes(present, inside):
    """
    Interpolate holes linearly, over a triangulation of their rims.

    Returns the places of those that have a value, shape (k,), and the places on the rim that it is
    made of, with their shares, each (k, 3).
    """
    holes = inside & ~present
    if not holes.any():
        return np.zeros(0, int), np.zeros((0, 3), int), np.zeros((0, 3))
    from scipy.ndimage import binary_dilation
    from scipy.spatial import Delaunay

    rim = present & binary_dilation(holes, np.ones((3, 3), bool))
    # A hair off the lattice, whose many points in line make degenerate triangles.
    places = np.argwhere(rim) + np.random.default_rng(0).uniform(-JITTER, JITTER, (rim.sum(), 2))
    triangles = Delaunay(places)
    spots = np.argwhere(holes)
    triangle = triangles.find_simplex(spots)
    found = triangle >= 0
    triangle = triangle[found]
    transform = triangles.transform[triangle]
    share = np.einsum("kij,kj->ki", transform[:, :2], spots[found] - transform[:, 2])
    share = np.column_stack([share, 1 - share.sum(axis=1)])
    return np.flatnonzero(holes)[found], np.flatnonzero(rim)[triangles.simplices[triangle]], share


def _growth(known, needed):
    """
    Rounds in which values are extended over ``needed`` by the means of known neighbours.

    Returns for each the places and the sum of their neighbours' weights.
    """
    known, rounds = known.astype(float), []
    while True:
        weight = _beside(known)
        places = np.flatnonzero(needed & (known == 0) & (weight > 0))
        if places.size == 0:
            return rounds
        rounds.append((places, weight.take(places)))
        known.ravel()[places] = 1


def _beside(image):
    """Sum of the four neighbours of each pixel and half of those across its corners."""
    rows = 2 * image
    rows[1:] += image[:-1]
    rows[:-1] += image[1:]
    both = rows - 2 * image
    both[:, 1:] += rows[:, :-1] / 2
    both[:, :-1] += rows[:, 1:] / 2
    return both
