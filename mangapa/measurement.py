"""One galaxy, from a source to both position angles, their misalignment and the rest."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy import units as u

from mangapa._measurement_steps import about_fitted_centre, kinematics_step
from mangapa._resolve import centred, resolve, spelling
from mangapa._steps import Steps
from mangapa._utils.html import PAIR_SIZE, as_html, as_text
from mangapa._utils.options import documented_with
from mangapa._utils.positions import replaced
from mangapa._utils.types import PathLike
from mangapa.angles import Misalignment, misalignment
from mangapa.catalogue.columns import catalogue_columns
from mangapa.cleaning import clean_with
from mangapa.fields import TRACER_TITLES, TRACERS, Galaxy, VelocityField, check_tracer
from mangapa.fitting import KinematicPA
from mangapa.fitting._fit import fit_prepared, prepare_for
from mangapa.flags import PAFlags, UsabilityFlags
from mangapa.kinematics import Kinematics
from mangapa.profiles import Features, FieldFeatures, PAProfile
from mangapa.profiles._features import features_of, field_features
from mangapa.profiles._profile import profile_prepared
from mangapa.settings import MeasurementSettings
from mangapa.usability import Usability
from mangapa.usability._predict import usability_prepared
from mangapa.usability._reliability import reliability
from mangapa.usability.model import load_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Measurement", "TracerMeasurement", "measure"]

#: Attributes of a measurement with the name of a tracer before them.
OF_TRACER = ("usability", "profile", "kinematics")


@dataclass(frozen=True, kw_only=True, eq=False)
class TracerMeasurement:
    """
    What is measured on one tracer of a galaxy: ``measurement["stellar"]`` or ``["halpha"]``.

    Attributes
    ----------
    pa : `~mangapa.KinematicPA`
        The position angle.
    usability : `~mangapa.Usability`
        Whether the field can be used.
    profile : `~mangapa.PAProfile` or `None`
        The position angle against radius; `None` if there is no field.
    features : `~mangapa.profiles.FieldFeatures`
        Features of its rotation.
    kinematics : `~mangapa.kinematics.Kinematics` or `None`
        What the setting ``columns="kinematics"`` adds; `None` without it, or if there is no field.
    field : `~mangapa.VelocityField` or `None`
        The cleaned field.
    error : `str` or `None`
        Why it could not be measured; `None` if it was, or if there is no field.
    """

    pa: KinematicPA
    usability: Usability
    profile: PAProfile | None
    features: FieldFeatures
    field: VelocityField | None
    kinematics: Kinematics | None = None
    error: str | None = None

    @property
    def reliability(self) -> float:
        """
        Probability that the axis is within 10 deg of the truth, from its error and the score.

        NaN where there is no angle, no error or no score. An axis that is random, and so within 10
        deg by chance, has 0.11.
        """
        if np.isnan(self.pa.pa):
            return np.nan
        return float(reliability(self.usability.score, self.pa.pa_err.to_value(u.deg)))


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Measurement:
    """
    All that is measured on one galaxy.

    ``measurement["stellar"]`` and ``measurement["halpha"]`` give what is measured on one tracer, as
    a `~mangapa.measurement.TracerMeasurement`.

    Attributes
    ----------
    galaxy : `~mangapa.Galaxy`
        The galaxy with its cleaned fields, as they were fitted.
    stellar, halpha : `~mangapa.KinematicPA`
        The position angles; NaN and a flag where there is none.
    misalignment : `~mangapa.Misalignment`
        The angle between the two.
    stellar_usability, halpha_usability : `~mangapa.Usability`
        Whether the fields can be used.
    stellar_profile, halpha_profile : `~mangapa.PAProfile` or `None`
        The position angles against radius; `None` where there is no field.
    features : `~mangapa.Features`
        Features of the rotation.
    stellar_kinematics, halpha_kinematics : `~mangapa.kinematics.Kinematics` or `None`
        What the setting ``columns="kinematics"`` adds; `None` without it.
    settings : `~mangapa.MeasurementSettings`
        The options of the measurement.
    seconds : `dict`
        Time that each step took.
    errors : `dict`
        By tracer, why it, or its kinematics alone, could not be measured; empty if all went well.
        The values of a tracer that could not be are NaN, and its flags ``NOT_MEASURED``.
    source : `str` or `None`
        The path or identifier that was measured, as it was given, or a pattern of several paths;
        `None` for an object.
    """

    galaxy: Galaxy
    stellar: KinematicPA
    halpha: KinematicPA
    misalignment: Misalignment
    stellar_usability: Usability = field(default_factory=Usability)
    halpha_usability: Usability = field(default_factory=Usability)
    stellar_profile: PAProfile | None = None
    halpha_profile: PAProfile | None = None
    features: Features = field(default_factory=Features)
    stellar_kinematics: Kinematics | None = None
    halpha_kinematics: Kinematics | None = None
    settings: MeasurementSettings = field(default_factory=MeasurementSettings)
    seconds: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)
    source: str | None = None

    def __getitem__(self, tracer: str) -> TracerMeasurement:
        check_tracer(tracer)
        return TracerMeasurement(
            pa=getattr(self, tracer),
            features=getattr(self.features, tracer),
            field=self.galaxy.tracer(tracer),
            error=self.errors.get(tracer),
            **{name: getattr(self, f"{tracer}_{name}") for name in OF_TRACER},
        )

    def tracers(self) -> Iterator[tuple[str, TracerMeasurement]]:
        """
        Go through both tracers.

        Yields
        ------
        tracer : `str`
            Its name.
        measured : `~mangapa.measurement.TracerMeasurement`
            What is measured on it.
        """
        for tracer in TRACERS:
            yield tracer, self[tracer]

    def row(self) -> dict:
        """
        The measurement as a row of a catalogue.

        Returns
        -------
        `dict`
            Value by column name, in the order of the catalogue; a `~astropy.units.Quantity` where
            the column has a unit.
        """
        columns = catalogue_columns(self.settings.columns)
        return {column.name: column.value(self) for column in columns}

    def write(self, path: PathLike) -> Path:
        """
        Write the measurement as a catalogue of one row, with `~mangapa.write_catalogue`.

        Parameters
        ----------
        path : path-like
            A name that ends in ``.ecsv``, ``.fits``, ``.vot``, ``.parquet`` or ``.csv``. An
            existing file is replaced in one step.

        Returns
        -------
        `~pathlib.Path`
            The file.

        Raises
        ------
        ValueError
            If the name ends in anything else.
        """
        from mangapa.catalogue import write_catalogue

        return write_catalogue(self, path)

    def plot(self, figure: "Figure | None" = None) -> "Figure":
        """
        Draw both fields side by side; see `mangapa.plotting.plot_measurement`.

        Parameters
        ----------
        figure : `~matplotlib.figure.Figure`, optional
            Where to draw; a new one if not given.

        Returns
        -------
        `~matplotlib.figure.Figure`
        """
        from mangapa.plotting import plot_measurement

        return plot_measurement(self, figure=figure)

    def __repr__(self):
        stars, gas = (f"{one.pa!r} reliability {one.reliability:.2f}" for _, one in self.tracers())
        return (
            f"<Measurement of {self.galaxy.full_name or 'a galaxy'}: stars {stars}, H-alpha {gas}, "
            f"{self.misalignment!r}>"
        )

    def _repr_html_(self):
        rows = [("Galaxy", self.galaxy.full_name)]
        for tracer, measured in self.tracers():
            title, angle = TRACER_TITLES[tracer], measured.pa
            rows.append((f"{title}: PA", as_text(angle.pa, angle.pa_err_total)))
            rows.append((f"{title}: score", as_text(measured.usability.score, decimals=2)))
            rows.append((f"{title}: reliability", as_text(measured.reliability, decimals=2)))
            rows.append((f"{title}: flags", angle.flags.description or None))
        rows += [("Error", error) for error in self.errors.values()]
        rows.append(("Misalignment", as_text(self.misalignment.angle, self.misalignment.error)))
        from mangapa.plotting import plot_pair

        draw = partial(plot_pair, self.galaxy, measurement=self)
        return as_html("Measurement", rows, draw, PAIR_SIZE)


@documented_with(MeasurementSettings)
def measure(
    source: PathLike | Sequence[PathLike] | Galaxy | Any,
    *,
    release: str | None = None,
    daptype: str | None = None,
    download: bool | None = None,
    settings: MeasurementSettings | None = None,
    **options: Any,
) -> Measurement:
    """
    Measure the kinematic position angles of a galaxy, and the angle between them.

    Each field is cleaned, fitted as a whole and on rings, and judged for usability. If that fails
    for one tracer, the other is measured, and ``errors`` of the result says why.

    Parameters
    ----------
    source : path-like, `str`, list of them, `~mangapa.Galaxy`, or ``Maps`` or ``Cube`` of Marvin
        The file of a galaxy in any known format, or a list of the files of one galaxy, such as
        those of the stars and of the gas; a plate-IFU or MaNGA-ID; or a galaxy that was read
        already.
    release, daptype : `str`, optional
        Where to look for a plate-IFU or MaNGA-ID, as in `mangapa.archive.locate`; other sources
        know theirs.
    download : `bool`, optional
        Download the file of an identifier if it is missing or damaged; by default the
        configuration decides, which says no unless it was changed.
    settings : `~mangapa.MeasurementSettings`, optional
        All options of the measurement as one value.
    **options
        Single options, which replace those of ``settings``; velocities may be quantities:

        {options}

    Returns
    -------
    `~mangapa.Measurement`

    Raises
    ------
    OSError
        If the file is missing or damaged; the message says what to do.
    TypeError, ValueError
        If an argument is unknown, of the wrong type or out of its range.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19, pa_stellar=30, pa_halpha=210)
    >>> mangapa.measure(galaxy).misalignment.counter_rotating
    True
    """
    settings = MeasurementSettings.from_options(settings, **options)
    model = load_model(settings.model)
    steps = Steps()
    with steps.timed("read"):
        galaxy = centred(resolve(source, release, daptype, download, settings), settings.centre)
    given = settings
    if settings.centre == "given" and galaxy.centre_is_nominal:
        settings = replace(settings, centre="fit")
    fields = {tracer: field for tracer in TRACERS if (field := galaxy.tracer(tracer)) is not None}
    radius = galaxy.effective_radius if galaxy.effective_radius > 0 else None  # It may state any.
    with steps.timed("clean"):
        cleaned = steps.each("cleaning", lambda one: clean_with(one, settings), fields)
    with steps.timed("fit"):
        prepared = steps.each("preparation", lambda one: prepare_for(one, settings), cleaned)
        angles = steps.together("fit", lambda all_: fit_prepared(all_, settings), prepared)
    with steps.timed("classify"):
        judged = steps.together("usability", lambda all_: _judged(all_, model), prepared)
    if settings.centre == "fit":
        prepared = about_fitted_centre(prepared, angles)
    with steps.timed("profile"):
        profiles = steps.each(
            "profile", lambda one: profile_prepared(one, effective_radius=radius), prepared
        )
        features = steps.each("features", partial(field_features, "profile"), profiles)
    failed = set(steps.errors)  # Without the next step, on which the others do not depend.
    kinematics = kinematics_step(steps, settings, galaxy, prepared, angles, features)
    results: dict[str, Any] = {}
    for tracer in TRACERS:
        if tracer in fields and tracer not in failed:
            parts = angles[tracer], judged[tracer], profiles[tracer], kinematics.get(tracer)
        else:
            why = "NOT_MEASURED" if tracer in fields else "NO_MAP"
            unknown = KinematicPA(flags=PAFlags[why]), Usability(flags=UsabilityFlags[why])
            parts = *unknown, None, None
            features[tracer] = FieldFeatures(flags=PAFlags[why])
        results |= zip((tracer, *(f"{tracer}_{one}" for one in OF_TRACER)), parts, strict=True)
    apart = misalignment(results["stellar"], results["halpha"])
    return Measurement(
        galaxy=replaced(galaxy, **cleaned),
        misalignment=apart,
        features=replace(features_of({}, apart), **features),
        settings=given,
        seconds=steps.seconds,
        errors=steps.errors,
        source=spelling(source),
        **results,
    )


def _judged(prepared, model):
    """The usability of the fields, under one name so that they are judged together."""
    named = [replace(one, field=replace(one.field, galaxy="this one")) for one in prepared]
    return usability_prepared(named, model)
