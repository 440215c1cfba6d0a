"""A field prepared once for everything that is measured on it: checked, without units, binned."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mangapa._regions import lattice_step
from mangapa._utils.grid import Grid, grid_of
from mangapa._utils.robust import median
from mangapa.fields import VelocityField, check_field
from mangapa.fitting._curves import symmetry_curves
from mangapa.fitting._departures import Departures, departures
from mangapa.fitting._errors import LinearFit, analytic_error, linear_fit
from mangapa.fitting._point_noise import Neighbours
from mangapa.fitting._points import (
    bin_spaxels,
    bins_by_id,
    bins_by_velocity,
    in_cells,
    on_one_line,
)
from mangapa.fitting._scattered import on_a_grid
from mangapa.fitting._thin_disc import DiscSolution, fit_disc
from mangapa.flags import PAFlags, Rejection

#: Fewest spaxels that are fitted: 0.5 arcsec spaxels in one resolution element of MaNGA, whose
#: PSF has a full width at half maximum of 2.5 arcsec (Law et al. 2016).
MIN_SPAXELS = 20
#: Velocity error where the inverse variance is not known, km/s (Duckworth et al. 2020).
TYPICAL_VELOCITY_ERROR = 10.0
#: Velocities that differ by less than this, relative to their size, are equal but for rounding.
ROUNDING = 1e-9
#: Velocities within this of each other are equal, km/s: a millimetre a second means nothing.
LEAST_RANGE = 1e-6
#: Least error, over the median one: systematic errors do not shrink with the noise, so that no
#: spaxel counts for more than 900 others. In MaNGA's fields the least is a fifth of the median.
LEAST_RELATIVE_ERROR = 1 / 30


@dataclass(frozen=True, kw_only=True, eq=False)
class Spaxels:
    """
    The n good spaxels of a field, checked and without units: the input of every fitting method.

    What several steps need, such as the bins and the best disc, is computed once and kept.

    Attributes
    ----------
    x, y : `~numpy.ndarray`
        Offsets from the centre, arcsec, +x East, shape (n,).
    velocity : `~numpy.ndarray`
        Velocities relative to ``first_guess``, km/s, shape (n,).
    first_guess : `float`
        Systemic velocity that was subtracted, km/s.
    error : `~numpy.ndarray`
        Their 1-sigma errors, km/s, shape (n,).
    good : `~numpy.ndarray` of `bool`
        Where the spaxels are on the map, shape (ny, nx).
    bin_id : `~numpy.ndarray` or `None`
        Their bins, shape (n,).
    own_bins : `~numpy.ndarray` or `None`
        Their bins on the map, numbered from 0, if these are so many that ``bin_id`` are cells of
        several, shape (n,).
    grid : ``Grid`` or `None`
        The grid of the map; `None` where the positions are scattered.
    spacing : `float` or `None`
        Step of the square lattice on which the positions of a list are, arcsec; `None` without one.
    noise_correlation : `float` or `None`
        Length over which the noise is correlated, arcsec; `None` for that of MaNGA's spaxels.
    centre : `tuple` of `float`
        Place that the offsets are counted from, to the East and North of the field's own centre,
        arcsec.
    centre_spread : `float` or `None`
        Prior spread of the disc's centre about it, arcsec; `None` is that of a given centre.
    """

    x: np.ndarray
    y: np.ndarray
    velocity: np.ndarray
    first_guess: float
    error: np.ndarray
    good: np.ndarray
    bin_id: np.ndarray | None = None
    own_bins: np.ndarray | None = None
    grid: Grid | None = None
    spacing: float | None = None
    noise_correlation: float | None = None
    centre: tuple = (0.0, 0.0)
    centre_spread: float | None = None

    def without(self, out: np.ndarray) -> "Spaxels":
        """
        Leave spaxels out.

        Parameters
        ----------
        out : `~numpy.ndarray` of `bool`
            Those to leave out, shape (n,).

        Returns
        -------
        `Spaxels`
            The others, in the same bins.
        """
        keep = ~out
        good = np.zeros_like(self.good)
        good.ravel()[self.index[keep]] = True
        return replace(
            self,
            x=self.x[keep],
            y=self.y[keep],
            velocity=self.velocity[keep],
            error=self.error[keep],
            good=good,
            bin_id=self.bins[keep],
            own_bins=None if self.own_bins is None else self.own_bins[keep],
        )

    def about(self, east: float, north: float, spread: float) -> "Spaxels":
        """
        Count the offsets from another centre.

        Parameters
        ----------
        east, north : `float`
            The new centre, arcsec from the present one.
        spread : `float`
            Prior spread of the disc's centre about it, arcsec.

        Returns
        -------
        `Spaxels`
            The same spaxels in the same bins.
        """
        grid = self.grid
        if grid is not None:
            grid = replace(grid, origin=grid.origin - [east, north])
        moved = replace(
            self,
            x=self.x - east,
            y=self.y - north,
            grid=grid,
            centre=(self.centre[0] + east, self.centre[1] + north),
            centre_spread=spread,
        )
        vars(moved)["bins"] = self.bins
        return moved

    def start_disc_from(self, angle: float) -> None:
        """
        Fit the disc from an angle that is known to be close, without the curve.

        Parameters
        ----------
        angle : `float`
            Angle of the major axis, radian.
        """
        vars(self)["_discs"] = self._fitted(np.degrees(angle))

    def _fitted(self, pa_start):
        if self.centre_spread is None:
            return fit_disc(self.points, pa_start)
        return fit_disc(self.points, pa_start, centre_spread=self.centre_spread)

    @cached_property
    def index(self) -> np.ndarray:
        """Index of each spaxel on the flattened map, shape (n,)."""
        return np.flatnonzero(self.good)

    @cached_property
    def bins(self) -> np.ndarray:
        """Bin of each spaxel, numbered from 0; each its own where nothing is binned; shape (n,)."""
        if self.bin_id is not None:
            return bins_by_id(self.bin_id)
        if self.grid is None:
            return np.arange(self.velocity.size)
        return bins_by_velocity(self.velocity, self.good)

    @cached_property
    def points(self):
        """The bins as ``Points``."""
        return bin_spaxels(self, self.bins)

    @cached_property
    def neighbours(self) -> Neighbours:
        """Which points are near each other, as ``Neighbours``."""
        return Neighbours(self.points, self.grid)

    @cached_property
    def curve(self):
        """How symmetric the field is about each axis, as ``Curve``."""
        return symmetry_curves([self])[0]

    @cached_property
    def _discs(self):
        return self._fitted(np.nan_to_num(self.curve.pa_axis))

    @property
    def disc(self) -> DiscSolution:
        """The best thin disc, as ``DiscSolution``."""
        return self._discs[1]

    @property
    def unweighted_disc(self) -> DiscSolution:
        """The best thin disc if all errors were equal."""
        return self._discs[0]

    @cached_property
    def linear_fit(self) -> LinearFit:
        """The linearised fit of the disc, as ``LinearFit``."""
        return linear_fit(self.disc, self.neighbours)

    @cached_property
    def departures(self) -> Departures:
        """What departs from the disc beyond the noise, as ``Departures``."""
        return departures(self.disc, self.linear_fit, self.neighbours)

    @cached_property
    def disc_error(self) -> float:
        """1-sigma error of the disc's axis, degrees."""
        return analytic_error(self.disc, self.linear_fit)

    @property
    def unweighted_disc_error(self) -> float:
        """The same if all errors were equal."""
        if self.unweighted_disc is self.disc:
            return self.disc_error
        linear = linear_fit(self.unweighted_disc, self.neighbours)
        return analytic_error(self.unweighted_disc, linear)


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedField:
    """A field and its good spaxels, prepared once and shared by all that is measured."""

    field: VelocityField
    spaxels: Spaxels | None = None  # None where there is nothing to fit
    flags: PAFlags = PAFlags.NONE  # why there is nothing to fit
    caveats: PAFlags = PAFlags.NONE  # what limits the result


def checked_fields(field):
    """Turn a field or a list of fields into a list, checked; also says whether it was a list."""
    is_list = isinstance(field, (list, tuple))
    fields = list(field) if is_list else [field]
    for i, one in enumerate(fields):
        check_field(f"field[{i}]" if is_list else "field", one)
    return fields, is_list


def prepare(field, *, velocity_error=None, v_sys="median", noise_correlation=None):
    """
    Check a field, strip its units, and gather its good spaxels.

    ``velocity_error`` (km/s) replaces the field's own errors; ``v_sys`` is the velocity that is
    subtracted, in km/s, or "median"; ``noise_correlation`` (arcsec) replaces that of MaNGA. Returns
    a `PreparedField`.
    """
    caveats = PAFlags.NONE
    if np.any(field.rejection & Rejection.OUT_OF_RANGE.value):
        caveats = PAFlags.OUT_OF_RANGE
    flags, spaxels = _gather(field, velocity_error, v_sys, noise_correlation)
    if flags:
        flags |= caveats
    return PreparedField(field=field, spaxels=spaxels, flags=flags, caveats=caveats)


def _gather(field, velocity_error, v_sys, noise_correlation):
    """Flags that say why there is nothing to fit, and the good spaxels; one or the other."""
    good = field.good
    index = np.flatnonzero(good)
    if index.size == 0:
        return PAFlags.NO_GOOD_SPAXELS, None
    if index.size < MIN_SPAXELS:
        return PAFlags.TOO_FEW_SPAXELS, None

    def at_good(values):
        """Values of the good spaxels; several times faster than indexing with a mask."""
        return values.ravel().take(index)

    all_x, all_y = field.x.value, field.y.value
    x, y = at_good(all_x), at_good(all_y)
    if on_one_line(x, y):
        return PAFlags.NO_EXTENT, None
    velocity = at_good(field.velocity.value)
    if np.ptp(velocity) <= max(ROUNDING * np.abs(velocity).max(), LEAST_RANGE):
        return PAFlags.CONSTANT_VELOCITY, None
    if velocity_error is None and field.ivar is not None:
        velocity_error = at_good(field.ivar.value) ** -0.5
        velocity_error = np.maximum(velocity_error, LEAST_RELATIVE_ERROR * median(velocity_error))
    elif velocity_error is None:
        velocity_error = TYPICAL_VELOCITY_ERROR
    first_guess = median(velocity) if v_sys == "median" else v_sys
    grid, spacing = grid_of(all_x, all_y, good), None
    if grid is None and 1 in good.shape:
        spacing = lattice_step(np.column_stack([x, y]))
    spaxels = Spaxels(
        x=x,
        y=y,
        velocity=velocity - first_guess,
        first_guess=first_guess,
        error=np.broadcast_to(np.asarray(velocity_error, float), velocity.shape),
        good=good,
        bin_id=None if field.bin_id is None else at_good(field.bin_id),
        grid=grid,
        spacing=spacing,
        noise_correlation=noise_correlation,
    )
    return PAFlags.NONE, _averaged(spaxels)


def _averaged(spaxels):
    """The same, in cells that average its bins where these are too many."""
    cells = in_cells(spaxels.bins, spaxels.x, spaxels.y, spaxels.grid)
    if cells is spaxels.bins:
        return spaxels
    return replace(spaxels, bin_id=cells, own_bins=spaxels.bins)


def binned_by_velocity(spaxels):
    """Spaxels on a grid, binned by their equal velocities alone, as the networks were trained."""
    # With equal errors, the unweighted disc is the only one to fit.
    error = np.broadcast_to(TYPICAL_VELOCITY_ERROR, spaxels.velocity.shape)
    if spaxels.noise_correlation is not None:
        spaxels = replace(spaxels, noise_correlation=None)
    if spaxels.grid is None:
        return on_a_grid(replace(spaxels, error=error), np.ones(error.size))[0]
    bins = spaxels.bins
    if spaxels.bin_id is not None:
        bins = bins_by_velocity(spaxels.velocity, spaxels.good)
        bins = in_cells(bins, spaxels.x, spaxels.y, spaxels.grid)
    if same_partition(bins, spaxels.bins):
        return spaxels
    return replace(spaxels, bin_id=bins, own_bins=None, error=error)


def fill_curves(spaxels: Iterable[Spaxels]):
    """Compute the curves of many fields at once, where they are not known yet."""
    missing = [one for one in spaxels if "curve" not in vars(one)]
    for one, curve in zip(missing, symmetry_curves(missing), strict=True):
        vars(one)["curve"] = curve


def same_partition(one, other):
    """Whether two numberings, each from 0 without gaps, put the same spaxels together."""
    n = one.max() + 1
    return n == other.max() + 1 == np.unique(one * n + other).size
