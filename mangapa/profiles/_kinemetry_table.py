"""`KinemetryProfile`: the table of `mangapa.kinemetry`."""

from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u

from mangapa._utils.robust import TINY
from mangapa.angles import wrap
from mangapa.fields import OFFSET
from mangapa.flags import PAFlags
from mangapa.profiles._averages import mean_amplitude
from mangapa.profiles._ellipse_terms import MOMENTS
from mangapa.profiles._harmonics import KINEMETRY_COVERAGE, MIN_COVERAGE, ratio
from mangapa.profiles._ring_table import RingTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["KinemetryProfile"]

#: Stands for the unit of the moment.
MOMENT = "moment"
#: Unit, format and description of the columns of all moments.
SHAPE_COLUMNS = {
    "radius": (OFFSET, ".2f", "Mean semi-major axis of the ring"),
    "radius_re": (u.one, ".2f", "The same in effective radii; NaN where that radius is unknown"),
    "pa": (u.deg, ".1f", "Position angle, North through East"),
    "pa_err": (u.deg, ".1f", "Its 1-sigma error from the noise; NaN if it was given"),
    "axis_ratio": (u.one, ".2f", "Minor over major axis"),
    "axis_ratio_err": (u.one, ".2f", "Its 1-sigma error from the noise; NaN if it was given"),
    "k0": (MOMENT, ".1f", "Constant term: for velocities the systemic one"),
    "k0_err": (MOMENT, ".1f", "Its 1-sigma error; NaN if it was given"),
}
#: Columns after those of the harmonics.
DATA_COLUMNS = {
    "n_spaxels": (None, None, "Good spaxels in the ring"),
    "coverage": (None, ".2f", "Fraction of the azimuth that has good spaxels"),
    "flux_weight": (None, ".3f", "Fraction of the light of all rings"),
}
#: Columns that every ring has, however little of it is covered.
ALWAYS_GIVEN = ("radius", "radius_re", *DATA_COLUMNS)
#: Data from which the harmonics of a ring are given, two for each of the seven terms: with fewer,
#: the tails of their errors are heavy (benchmarks/kinemetry.py).
HARMONIC_DATA = 14
#: A ring whose k5 / k1 is known to this has half of the weight of its light: the limit between
#: regular and other rotators (Krajnovic et al. 2011). Without it, one ring can hide all others.
KNOWN_TO = 0.04
#: The harmonics of odd and of even moments, and the ratio of the last of them that is given.
HARMONICS = {moment.is_odd: moment.harmonics for moment in MOMENTS.values()}
RATIOS = {True: ("k51", "k5 / k1"), False: ("k40", "k4 / k0")}


class KinemetryProfile(RingTable):
    """
    Kinemetry of a field on rings, from the inside out: one row for each ring.

    It is an astropy table with the columns

    ``radius``, ``radius_re``
        Mean semi-major axis of the ring, arcsec and in effective radii.
    ``pa``, ``pa_err``
        Position angle, North through East, and its 1-sigma error, deg: for velocities that of the
        receding side, 0-360, and for even moments that of the major axis, 0-180.
    ``axis_ratio``, ``axis_ratio_err``
        Minor over major axis, and its error; the error is NaN where the shape is fixed.
    ``k0``, ``k0_err``
        Constant term and its error: for velocities the systemic velocity, km/s.
    ``k1``, ``k3``, ``k5`` or ``k1``, ``k2``, ``k4``, and their errors
        Amplitudes of the harmonics of velocities, and of even moments; corrected for noise but for
        the k1 of velocities.
    ``k51`` or ``k40``, and its error
        k5 / k1 of velocities, k4 / k0 of even moments.
    ``n_spaxels``, ``coverage``
        Good spaxels, and the fraction of the azimuth that has any.
    ``flux_weight``
        Fraction of the light of all rings.

    Rings of which less than three quarters of the azimuth are covered have NaN for what is
    measured; on fixed ellipses only the higher harmonics need that, and the rest one half. The
    higher harmonics also need 14 data (spaxels, or bins where the field is binned). Values for the
    whole field are in ``meta``, as plain numbers in degrees and arcsec, and in the attributes.

    Attributes
    ----------
    field : `~mangapa.VelocityField` or `None`
        The field; `None` for a table that was read or cut.
    terms : `~mangapa.profiles.EllipseTerms` or `None`
        The same values as plain arrays, with every harmonic; `None` if there is no ring, and for a
        table that was read or cut.
    """

    field = None
    terms = None
    _kept = ("field", "terms")

    @property
    def moment(self) -> str:
        """What was measured: "velocity", "dispersion" or "flux"."""
        return self._about(MOMENT, "velocity")

    @property
    def flags(self) -> PAFlags:
        """What is wrong with the field; 0 if nothing is."""
        return PAFlags(self._about("flags", 0))

    @property
    def k51(self) -> float:
        """
        Light-weighted mean of k5 / k1, corrected for noise; NaN for even moments.

        Over the rings within the effective radius, or all if that is unknown or within it no ring
        determines the ratio. Rings whose ratio is known to worse than 0.04 have less than half of
        the weight of their light.
        """
        return self._about("k51")

    @property
    def k51_err(self) -> float:
        """Its 1-sigma error."""
        return self._about("k51_err")

    @property
    def k51_observed(self) -> float:
        """The same mean with the noise in it, as it is usually published."""
        return self._about("k51_observed")

    @property
    def pa_axis(self) -> u.Quantity:
        """Major axis of the whole disc, deg, modulo 180: where the shapes start."""
        return self._about("pa_axis") * u.deg

    @property
    def axis_ratio(self) -> float:
        """Minor over major axis of the whole disc."""
        return self._about("axis_ratio")

    @property
    def x(self) -> u.Quantity:
        """Offset of the centre of the rings to the East, arcsec."""
        return self._about("x") * OFFSET

    @property
    def y(self) -> u.Quantity:
        """Offset of the centre of the rings to the North, arcsec."""
        return self._about("y") * OFFSET

    def plot(self, figure: "Figure | None" = None) -> "Figure":
        """
        Draw the ellipses on the field, and angle, shape and harmonics against radius.

        Parameters
        ----------
        figure : `~matplotlib.figure.Figure`, optional
            Where to draw; a new one if not given.

        Returns
        -------
        `~matplotlib.figure.Figure`

        Raises
        ------
        ValueError
            If there is no ring to draw.
        """
        from mangapa.plotting import plot_kinemetry

        self._check_rings()
        return plot_kinemetry(self, figure=figure)


def table_of(field, moment, found, light, effective_radius):
    """
    Table of the `EllipseTerms` of a field, or of none.

    ``moment`` has the name, whether it is odd, and the unit; ``light`` is the fraction of each
    ring, (n,); ``effective_radius`` is in arcsec, or NaN.
    """
    name, is_odd, unit = moment
    values = _columns(found, is_odd, light, effective_radius)
    profile = KinemetryProfile()
    for column, (its_unit, format_, description) in _descriptions(is_odd).items():
        one = values[column]
        if its_unit is MOMENT:
            its_unit, format_ = unit, ".3g" if name == "flux" else format_
        profile[column] = one if its_unit is None else one << its_unit
        profile[column].info.format = format_
        profile[column].info.description = description
    mean = np.full(3, np.nan) if found is None or not is_odd else _mean_ratio(found, values)
    profile.meta.update(
        galaxy=field.galaxy,
        tracer=field.tracer,
        moment=name,
        effective_radius=None if np.isnan(effective_radius) else effective_radius,
        k51=float(mean[0]),
        k51_err=float(mean[1]),
        k51_observed=float(mean[2]),
    )
    profile.field, profile.terms = field, found
    return profile


def _descriptions(is_odd):
    columns = dict(SHAPE_COLUMNS)
    for n in HARMONICS[is_odd]:
        columns[f"k{n}"] = (MOMENT, ".1f", f"Amplitude of harmonic {n}")
        columns[f"k{n}_err"] = (MOMENT, ".1f", "Its 1-sigma error")
    name, text = RATIOS[is_odd]
    columns[name] = (u.one, ".3f", f"{text}, corrected for noise")
    columns[f"{name}_err"] = (u.one, ".3f", "Its 1-sigma error")
    return columns | DATA_COLUMNS


def _columns(found, is_odd, light, effective_radius):
    """Values of all columns as plain arrays."""
    if found is None:
        empty = {name: np.zeros(0) for name in _descriptions(is_odd)}
        return empty | {"n_spaxels": np.zeros(0, int)}
    values = {
        "radius": found.radius,
        "radius_re": found.radius / effective_radius,
        "pa": wrap(found.pa) if is_odd else found.pa % 180,
        "pa_err": found.pa_err,
        "axis_ratio": found.axis_ratio,
        "axis_ratio_err": found.axis_ratio_err,
        "k0": found.constant,
        "k0_err": found.constant_err,
        "n_spaxels": found.n_spaxels,
        "coverage": found.coverage,
        "flux_weight": light,
    }
    for i, n in enumerate(HARMONICS[is_odd]):
        values[f"k{n}"], values[f"k{n}_err"] = found.amplitude[:, i], found.error[:, i]
    values["k1"], values["k1_err"] = found.k1, found.k1_err
    bottom = "k1" if is_odd else "k0"
    name, top = RATIOS[is_odd][0], f"k{HARMONICS[is_odd][-1]}"
    # Whatever the unit is, the largest is one.
    unit = np.abs(values[bottom]).max() or 1.0
    parts = values[top], values[f"{top}_err"], np.abs(values[bottom]), values[f"{bottom}_err"]
    values[name], values[f"{name}_err"] = ratio(*(part / unit for part in parts))
    higher = [f"k{n}{end}" for n in HARMONICS[is_odd][is_odd:] for end in ("", "_err")]
    whole = found.coverage >= KINEMETRY_COVERAGE
    determined = whole & (found.rings.count >= HARMONIC_DATA)
    for column in (*higher, name, f"{name}_err"):
        values[column] = np.where(determined, values[column], np.nan)
    # A shape that is fitted needs as much of the azimuth as the harmonics.
    covered = whole if found.is_free else found.coverage >= MIN_COVERAGE
    for column in values:
        if column not in ALWAYS_GIVEN:
            values[column] = np.where(covered, values[column], np.nan)
    return values


def _mean_ratio(found, values):
    """Light-weighted mean of k5 / k1, its error, and the same mean with the noise in it."""
    known = np.isfinite(values["k51"])
    inner = known & (values["radius_re"] <= 1)
    known = inner if inner.any() else known
    k1 = np.maximum(found.k1, TINY)
    observed, error = found.observed[:, 2] / k1, found.error[:, 2] / k1
    weight = values["flux_weight"] * known / (1 + (error / KNOWN_TO) ** 2)
    if not weight.sum() > 0:
        return np.full(3, np.nan)
    these = weight > 0
    weight, observed, error = (one[these] for one in (weight / weight.sum(), observed, error))
    correlation = found.correlation[np.ix_(these, these)]
    return *mean_amplitude(weight, observed, error, correlation), weight @ observed
