"""The shape of a field's light: its outer isophotes, as far as the footprint holds them whole."""

from dataclasses import dataclass

import numpy as np

from mangapa._utils.grid import Grid, grid_of, is_sparse
from mangapa._utils.imports import import_extra
from mangapa._utils.robust import FWHM, scatter
from mangapa.fitting._points import on_one_line
from mangapa.fitting._scattered import CELLS_PER_POINT, lattice_about_centre

#: Standard deviation, in spaxels, of the kernel that smooths the light: it joins what noise parts,
#: and is narrower than any beam.
SMOOTHING = 1.0
#: Area of an isophote over that of the next larger one.
STEP = 0.93
#: Largest share of an isophote's outline that may lie on the edge of the footprint: that of a star
#: at the edge.
LARGEST_CUT = 0.05
#: Fewest spaxels within an isophote: fewer have no shape.
FEWEST = 50
#: Larger maps are averaged in blocks to this number of spaxels, which is more than a shape needs.
MOST_SPAXELS = 40_000
#: Least share of the spaxels of a block that must be known.
LEAST_SHARE = 0.5
#: Isophotes are used down to this share of the area of the largest.
INNERMOST = 0.5
#: What the variance of the beam adds to the squares of the semi-axes of an isophote, over that
#: variance, and the relative error of this: exponential discs of axis ratios 0.2 to 0.6 in beams of
#: 1.5 and 2.5 arcsec have 2 to 6, least where the beam is widest (benchmarks/psi.py --discs).
BEAM_WIDENING, WIDENING_ERROR = 3.5, 0.3
#: Largest share of the variance along the minor axis that may be due to the beam.
LARGEST_WIDENING = 0.75
#: Least light on an isophote, in units of the noise of a spaxel there.
LEAST_SIGNIFICANCE = 3.0


@dataclass(frozen=True, kw_only=True)
class Isophotes:
    """The mean shape of the outer isophotes of a field, and the scatter among them."""

    pa: float  # degrees North through East, 0-180
    pa_scatter: float  # degrees
    axis_ratio: float
    axis_ratio_scatter: float
    radius: float  # semi-major axis of the largest, arcsec


@dataclass(frozen=True, kw_only=True)
class _Image:
    """Light on a grid, within a margin that is no part of the footprint."""

    light: np.ndarray  # 0 where unknown
    smooth: np.ndarray  # -inf where unknown
    known: np.ndarray
    rim: np.ndarray  # spaxels at the edge of the footprint, and what is beyond
    middle: tuple  # row and column of the known spaxel nearest to the centre
    centre: tuple  # row and column of the spaxel nearest to the centre
    smoothing: float  # standard deviation of the kernel, arcsec
    steps: np.ndarray  # steps to the next column and row, arcsec, shape (2, 2)


def outer_isophotes(field, beam=0.0):
    """
    Shape of the outer isophotes of a field with ``flux``; `None` if the footprint holds none.

    The shape is that of the area within an isophote, from its second moments, in which all spaxels
    count alike. Nothing is iterated, so that nothing fails to converge; noise averages out over
    hundreds of spaxels; and holes, such as masked stars, are filled. But the area within an
    isophote that the footprint cuts takes on the shape of the footprint: such isophotes are left
    out. ``beam`` is the full width of the beam at half maximum, arcsec, whose effect is removed.
    """
    image = _image(field)
    moments = [] if image is None else [_moments(image, area) for area in _whole_areas(image)]
    if not moments:
        return None
    moments = np.array(moments)
    widening = BEAM_WIDENING * ((beam / FWHM) ** 2 + image.smoothing**2) / 4
    elongations = _elongations(moments, widening)
    # The mean axis is that of doubled angles, weighted by how elongated the isophotes are.
    mean = elongations.mean(axis=0)
    length = np.hypot(*mean)
    along, across = mean / length if length > 0 else (1.0, 0.0)
    off = elongations @ [[along, -across], [across, along]] - [length, 0]
    spread = np.sqrt(np.mean(off**2, axis=0))
    # What the widening is wrong by is wrong for all isophotes.
    more, less = (
        np.hypot(*_elongations(moments, factor * widening).mean(axis=0))
        for factor in (1 + WIDENING_ERROR, 1 - WIDENING_ERROR)
    )
    change = np.hypot(spread[0], (more - less) / 2)
    return Isophotes(
        pa=float(np.degrees(np.arctan2(mean[1], mean[0])) / 2 % 180),
        pa_scatter=float(np.degrees(np.arctan2(spread[1], length)) / 2),
        axis_ratio=float(_axis_ratio(length)),
        axis_ratio_scatter=float(np.ptp(_axis_ratio(np.array([length - change, length + change]))))
        / 2,
        # The semi-axis of an ellipse is twice the standard deviation along it.
        radius=float(2 * np.sqrt(_variances(moments)[1].max())),
    )


def _variances(moments):
    """Variances along the minor and the major axis, from those in x and y and the covariance."""
    east, north, both = np.transpose(moments)
    middle, half = (north + east) / 2, np.hypot((north - east) / 2, both)
    return middle - half, middle + half


def _elongations(moments, widening):
    """Elongations (1 - q^2) / (1 + q^2) along North and at 45 deg to it, without the widening."""
    east, north, both = np.transpose(moments)
    widening = np.minimum(widening, LARGEST_WIDENING * _variances(moments)[0])
    return np.column_stack([north - east, 2 * both]) / (east + north - 2 * widening)[:, None]


def _axis_ratio(elongation):
    """Axis ratio q of an ellipse from (1 - q^2) / (1 + q^2)."""
    elongation = np.clip(elongation, 0, 1)
    return np.sqrt((1 - elongation) / (1 + elongation))


def _image(field):
    """Light of a field on a grid; `None` if there is hardly any."""
    from scipy.ndimage import binary_erosion, binary_fill_holes, gaussian_filter

    flux = field.flux.value
    good = field.good & np.isfinite(flux)
    if np.count_nonzero(good) < FEWEST:
        return None
    x, y = field.x.value, field.y.value
    grid = grid_of(x, y, field._placed)
    if grid is None or is_sparse(good):
        good &= flux > 0
        if np.count_nonzero(good) < FEWEST or on_one_line(x[good], y[good]):
            return None
        x, y, flux = _interpolated(np.column_stack([x[good], y[good]]), flux[good])
        good = np.isfinite(flux)
        grid = grid_of(x, y, np.ones(x.shape, bool))
    light, good, grid = _coarser(np.where(good, flux, 0.0), good, grid)
    light, good = _completed(light, good, grid)
    x, y = grid.places(*np.indices(grid.shape)[::-1])
    distance = np.hypot(x, y)
    centre = tuple(1 + np.array(np.unravel_index(distance.argmin(), distance.shape)))
    distance = np.where(good, distance, np.inf)
    # With a margin of one spaxel, the edge of the map is an edge of the footprint.
    light, good = np.pad(light, 1), np.pad(good, 1)
    weight = gaussian_filter(good.astype(float), SMOOTHING)
    smooth = gaussian_filter(light, SMOOTHING) / np.where(good, weight, 1.0)
    return _Image(
        light=light,
        smooth=np.where(good, smooth, -np.inf),
        known=good,
        rim=~binary_erosion(binary_fill_holes(good)),
        middle=tuple(1 + np.array(np.unravel_index(distance.argmin(), distance.shape))),
        centre=centre,
        smoothing=SMOOTHING * grid.spaxel,
        steps=grid.steps,
    )


def _coarser(light, known, grid):
    """Light, where it is known, and the grid, of blocks of spaxels if there are very many."""
    side = int(np.ceil(np.sqrt(np.count_nonzero(known) / MOST_SPAXELS)))
    if side == 1:
        return light, known, grid
    shape = tuple(n // side for n in grid.shape)

    def blocks(values):
        whole = values[: shape[0] * side, : shape[1] * side]
        return whole.reshape(shape[0], side, shape[1], side).mean(axis=(1, 3))

    share = blocks(known.astype(float))
    middle = grid.steps @ np.full(2, (side - 1) / 2)
    grid = Grid(origin=grid.origin + middle, steps=side * grid.steps, shape=shape)
    return blocks(light) / np.maximum(share, LEAST_SHARE), share > LEAST_SHARE, grid


def _completed(light, known, grid):
    """Light and where it is known, with the light opposite the centre where it is not."""
    row, column = np.nonzero(~known)
    x, y = grid.places(column, row)
    column_, row_ = grid.nearest(-x, -y)
    ny, nx = grid.shape
    there = (row_ >= 0) & (row_ < ny) & (column_ >= 0) & (column_ < nx)
    row, column, row_, column_ = (one[there] for one in (row, column, row_, column_))
    light[row, column] = light[row_, column_]
    known = known.copy()
    known[row, column] = known[row_, column_]
    return light, known


def _interpolated(places, flux):
    """Light of scattered points, whose logarithm is linear between them, on a grid."""
    from scipy.interpolate import LinearNDInterpolator
    from scipy.spatial import ConvexHull

    step = np.sqrt(ConvexHull(places).volume / (CELLS_PER_POINT * len(places)))
    x, y = lattice_about_centre(places, step)
    return x, y, np.exp(LinearNDInterpolator(places, np.log(flux))(x, y))


def _whole_areas(image):
    """The areas within the isophotes that the footprint holds whole, from the largest."""
    from scipy.ndimage import binary_erosion, binary_fill_holes, label

    brightest = np.sort(image.smooth[image.known])[::-1]
    areas, number, least = [], brightest.size, FEWEST
    while number > least:
        level = brightest[number - 1]
        number = int(STEP * number)
        regions, _ = label(image.smooth >= level)
        area = binary_fill_holes(regions == regions[image.middle])
        outline = area & ~binary_erosion(area)
        if not regions[image.middle] or not outline.any():
            break
        # A hole about the centre may reach across the isophote, and leave an arc of it.
        if not area[image.centre]:
            break
        cut = np.count_nonzero(outline & image.rim) / np.count_nonzero(outline)
        if areas or (cut <= LARGEST_CUT and level > LEAST_SIGNIFICANCE * _noise(image, outline)):
            areas.append(area)
            least = max(FEWEST, INNERMOST * np.count_nonzero(areas[0]))
    return [area for area in areas if np.count_nonzero(area) >= least]


def _noise(image, place):
    """Noise of a spaxel, from how the light differs from the smooth light at some place."""
    place = place & image.known
    return scatter((image.light - image.smooth)[place]) if place.any() else np.inf


def _moments(image, area):
    """Variances of an area in x and in y, and their covariance, arcsec^2."""
    morphology = import_extra("photutils.morphology", "photometry", "The shape of the light")
    rows, columns = (np.flatnonzero(area.any(axis=axis)) for axis in (1, 0))
    cutout = area[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    pixels = np.array(morphology.data_properties(cutout.astype(float)).covariance.value)
    (east, both), (_, north) = image.steps @ pixels @ image.steps.T
    return east, north, both
