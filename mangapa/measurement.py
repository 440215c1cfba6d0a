"""One galaxy, from a source to both position angles, their misalignment and the rest."""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mangapa._utils.html import PAIR_SIZE, as_html, as_text
from mangapa._utils.options import documented_with
from mangapa._utils.types import PathLike
from mangapa.angles import Misalignment, misalignment
from mangapa.archive import is_identifier, locate
from mangapa.archive._configuration import may_download
from mangapa.catalogue.columns import catalogue_columns
from mangapa.cleaning import clean_with
from mangapa.exceptions import MapsFileError
from mangapa.fields import TRACER_TITLES, TRACERS, Galaxy, VelocityField, check_tracer
from mangapa.fitting import KinematicPA
from mangapa.fitting._fit import fit_prepared, prepare_for
from mangapa.flags import PAFlags, UsabilityFlags
from mangapa.formats import read_galaxy
from mangapa.formats.marvin_maps import galaxy_from_marvin
from mangapa.profiles import Features, FieldFeatures, PAProfile
from mangapa.profiles._features import features_of
from mangapa.profiles._profile import profile_prepared
from mangapa.settings import MeasurementSettings
from mangapa.usability import Usability
from mangapa.usability._predict import usability_prepared
from mangapa.usability.model import load_model

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Measurement", "TracerMeasurement", "measure"]


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
    field : `~mangapa.VelocityField` or `None`
        The cleaned field.
    """

    pa: KinematicPA
    usability: Usability
    profile: PAProfile | None
    features: FieldFeatures
    field: VelocityField | None


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
    settings : `~mangapa.MeasurementSettings`
        The options of the measurement.
    seconds : `dict`
        Time that each step took.
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
    settings: MeasurementSettings = field(default_factory=MeasurementSettings)
    seconds: dict = field(default_factory=dict)

    def __getitem__(self, tracer: str) -> TracerMeasurement:
        check_tracer(tracer)
        return TracerMeasurement(
            pa=getattr(self, tracer),
            usability=getattr(self, f"{tracer}_usability"),
            profile=getattr(self, f"{tracer}_profile"),
            features=getattr(self.features, tracer),
            field=self.galaxy.tracer(tracer),
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
        return {column.name: column.value(self) for column in catalogue_columns()}

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
        return (
            f"<Measurement of {self.galaxy.name or 'a galaxy'}: stars {self.stellar!r}, "
            f"H-alpha {self.halpha!r}, {self.misalignment!r}>"
        )

    def _repr_html_(self):
        rows = [("Galaxy", self.galaxy.name)]
        for tracer, measured in self.tracers():
            title, angle = TRACER_TITLES[tracer], measured.pa
            rows.append((f"{title}: PA", as_text(angle.pa, angle.pa_err)))
            rows.append((f"{title}: score", as_text(measured.usability.score, decimals=2)))
            rows.append((f"{title}: flags", angle.flags.description or None))
        rows.append(("Misalignment", as_text(self.misalignment.angle, self.misalignment.error)))
        from mangapa.plotting import plot_pair

        draw = partial(plot_pair, self.galaxy, measurement=self)
        return as_html("Measurement", rows, draw, PAIR_SIZE)


@documented_with(MeasurementSettings)
def measure(
    source: PathLike | Galaxy | Any,
    *,
    release: str | None = None,
    daptype: str | None = None,
    download: bool | None = None,
    settings: MeasurementSettings | None = None,
    **options: Any,
) -> Measurement:
    """
    Measure the kinematic position angles of a galaxy, and the angle between them.

    Each field is cleaned, fitted as a whole and on rings, and judged for usability.

    Parameters
    ----------
    source : path-like, `str`, `~mangapa.Galaxy`, or ``Maps`` or ``Cube`` of ``marvin.tools``
        The file of a galaxy in any known format; a plate-IFU or MaNGA-ID; or a galaxy that was
        read already.
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
    seconds = {}
    with _timed(seconds, "read"):
        galaxy = _resolve(source, release, daptype, download)
    present = [tracer for tracer in TRACERS if galaxy.tracer(tracer) is not None]
    with _timed(seconds, "clean"):
        fields = {tracer: clean_with(galaxy.tracer(tracer), settings) for tracer in present}
    with _timed(seconds, "fit"):
        prepared = [prepare_for(fields[tracer], settings) for tracer in present]
        angles = dict.fromkeys(TRACERS, KinematicPA(flags=PAFlags.NO_MAP))
        angles |= zip(present, fit_prepared(prepared, settings), strict=True)
    with _timed(seconds, "classify"):
        model = load_model(settings.model)
        judged = dict.fromkeys(TRACERS, Usability(flags=UsabilityFlags.NO_MAP))
        judged |= zip(present, usability_prepared(_of_one_galaxy(prepared), model), strict=True)
    with _timed(seconds, "profile"):
        profiles = {
            tracer: profile_prepared(one, effective_radius=galaxy.effective_radius)
            for tracer, one in zip(present, prepared, strict=True)
        }
        features = features_of(profiles, angles.values())
    results: dict[str, Any] = {
        **angles,
        **{f"{tracer}_usability": one for tracer, one in judged.items()},
        **{f"{tracer}_profile": one for tracer, one in profiles.items()},
    }
    return Measurement(
        galaxy=replace(galaxy, **fields),
        misalignment=misalignment(angles["stellar"], angles["halpha"]),
        features=features,
        settings=settings,
        seconds=seconds,
        **results,
    )


@contextlib.contextmanager
def _timed(seconds, step):
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start


def _of_one_galaxy(prepared):
    """The fields under one name, so that they are judged together even if they have none."""
    return [replace(one, field=replace(one.field, galaxy="this one")) for one in prepared]


def _resolve(source, release, daptype, download):
    """The galaxy that a source stands for."""
    if isinstance(source, Galaxy):
        return source
    if hasattr(source, "data_origin") and hasattr(source, "getMap"):
        return galaxy_from_marvin(source)
    is_text = isinstance(source, str)
    if (is_text and is_identifier(source)) or hasattr(source, "data_origin"):
        return _archived(source, release, daptype, may_download(download))
    if is_text or isinstance(source, os.PathLike):
        return read_galaxy(source)
    msg = (
        "source must be the path of a file, a plate-IFU, a MaNGA-ID, a Galaxy, or a Maps or Cube "
        f"of Marvin, not {type(source).__name__}"
    )
    raise TypeError(msg)


def _archived(source, release, daptype, download):
    """The galaxy of an identifier; a missing or damaged file is downloaded if that is allowed."""
    try:
        return read_galaxy(locate(source, release=release, daptype=daptype, download=False))
    except (FileNotFoundError, MapsFileError):
        if not download:
            raise
    return read_galaxy(locate(source, release=release, daptype=daptype, download=True))
