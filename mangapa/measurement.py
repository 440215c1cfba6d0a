"""One galaxy, the whole way: from a source to both position angles and their misalignment."""

import contextlib
import os
import time
from dataclasses import dataclass, field, replace
from functools import partial

from mangapa._utils.html import PAIR_SIZE, as_html, as_text
from mangapa.angles import Misalignment, misalignment
from mangapa.archive import is_identifier, locate
from mangapa.archive._configuration import may_download
from mangapa.catalogue.columns import catalogue_columns
from mangapa.cleaning import MIN_REGION, SIGMA, clean
from mangapa.exceptions import MapsFileError
from mangapa.fields import TRACER_TITLES, TRACERS, Galaxy
from mangapa.fitting import KinematicPA, fit_pa
from mangapa.flags import PAFlags, UsabilityFlags
from mangapa.formats.manga import read_maps
from mangapa.formats.marvin_maps import galaxy_from_marvin
from mangapa.profiles import Features, PAProfile, features, galaxy_profiles
from mangapa.usability import Usability, usability

__all__ = ["Measurement", "measure"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Measurement:
    """
    All that is measured on one galaxy.

    Attributes
    ----------
    galaxy : `~mangapa.Galaxy`
        With its fields as they were fitted, cleaned.
    stellar, halpha : `~mangapa.KinematicPA`
        The position angles; NaN and a flag where there is none.
    misalignment : `~mangapa.Misalignment`
        The angle between the two.
    stellar_usability, halpha_usability : `~mangapa.Usability`
        Whether the fields can be used.
    stellar_profile, halpha_profile : `~mangapa.PAProfile` or `None`
        The position angles against radius; `None` where there is no field.
    features : `~mangapa.Features`
        What stands out in them.
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
    seconds: dict = field(default_factory=dict)

    def row(self):
        """
        The measurement as a row of a catalogue.

        Returns
        -------
        `dict`
            Value by column name, in the order of the catalogue; a `~astropy.units.Quantity` where
            the column has a unit.
        """
        return {column.name: column.value(self) for column in catalogue_columns()}

    def plot(self, figure=None):
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
            f"<Measurement of {self.galaxy.plateifu or 'a galaxy'}: stars {self.stellar!r}, "
            f"H-alpha {self.halpha!r}, {self.misalignment!r}>"
        )

    def _repr_html_(self):
        rows = [("Galaxy", self.galaxy.name)]
        for tracer, title in TRACER_TITLES.items():
            result, judged = getattr(self, tracer), getattr(self, f"{tracer}_usability")
            rows.append((f"{title}: PA", as_text(result.pa, result.pa_err)))
            rows.append((f"{title}: score", as_text(judged.score, decimals=2)))
            rows.append((f"{title}: flags", result.flags.description or None))
        rows.append(("Misalignment", as_text(self.misalignment.angle, self.misalignment.error)))
        from mangapa.plotting import plot_pair

        draw = partial(plot_pair, self.galaxy, measurement=self)
        return as_html("Measurement", rows, draw, PAIR_SIZE)


def measure(
    source,
    *,
    release=None,
    daptype=None,
    download=None,
    sigma=SIGMA,
    min_region=MIN_REGION,
    model="default",
    **fit_options,
):
    """
    Measure the kinematic position angles of a galaxy, and the angle between them.

    Each field is cleaned, then fitted, also on rings, and judged whether it can be used.

    Parameters
    ----------
    source : path-like, `str`, `~mangapa.Galaxy`, or ``Maps`` or ``Cube`` of ``marvin.tools``
        A MAPS file; a plate-IFU or MaNGA-ID; or what was read already.
    release, daptype : `str`, optional
        Where to look for a plate-IFU or MaNGA-ID, as in `mangapa.archive.locate`; other sources
        know theirs.
    download : `bool`, optional
        Fetch the file of an identifier if it is not here, or damaged; as the configuration says,
        which is no, if not given.
    sigma, min_region : `float`, optional
        Thresholds of `~mangapa.clean`.
    model : `str` or path-like, optional
        Which model of `~mangapa.usability` judges the fields.
    **fit_options
        Options of `~mangapa.fit_pa`, such as ``method``.

    Returns
    -------
    `Measurement`

    Raises
    ------
    OSError
        If the file is missing or damaged; the message says what to do.
    TypeError, ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19, pa_stellar=30, pa_halpha=210)
    >>> mangapa.measure(galaxy).misalignment.counter_rotating
    True
    """
    seconds = {}
    with _timed(seconds, "read"):
        galaxy = _galaxy(source, release, daptype, download)
    present = {tracer: galaxy.tracer(tracer) for tracer in TRACERS if galaxy.tracer(tracer)}
    with _timed(seconds, "clean"):
        fields = {
            tracer: clean(one, sigma=sigma, min_region=min_region)
            for tracer, one in present.items()
        }
    with _timed(seconds, "fit"):
        found = {tracer: fit_pa(one, **fit_options) for tracer, one in fields.items()}
    with _timed(seconds, "classify"):
        judged = _judged(fields, model)
    absent = KinematicPA(flags=PAFlags.NO_MAP)
    found = {tracer: found.get(tracer, absent) for tracer in TRACERS}
    galaxy = replace(galaxy, **fields)
    with _timed(seconds, "profile"):
        profiles = galaxy_profiles(galaxy)
    measurement = Measurement(
        galaxy=galaxy,
        misalignment=misalignment(found["stellar"], found["halpha"]),
        seconds=seconds,
        **found,
        **judged,
        **{f"{tracer}_profile": profile for tracer, profile in profiles.items()},
    )
    return replace(measurement, features=features(measurement, profiles=profiles))


@contextlib.contextmanager
def _timed(seconds, step):
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start


def _judged(fields, model):
    """The usability of both tracers, which are judged together even where they bear no name."""
    together = [replace(field, galaxy=field.galaxy or "this one") for field in fields.values()]
    judged = dict(zip(fields, usability(together, model=model), strict=True))
    absent = Usability(flags=UsabilityFlags.NO_MAP)
    return {f"{tracer}_usability": judged.get(tracer, absent) for tracer in TRACERS}


def _galaxy(source, release, daptype, download):
    if isinstance(source, Galaxy):
        return source
    if hasattr(source, "data_origin") and hasattr(source, "getMap"):
        return galaxy_from_marvin(source)
    is_text = isinstance(source, str)
    if (is_text and is_identifier(source)) or hasattr(source, "data_origin"):
        return _archived(source, release, daptype, may_download(download))
    if is_text or isinstance(source, os.PathLike):
        return read_maps(source)
    msg = (
        "source must be the path of a MAPS file, a plate-IFU, a MaNGA-ID, a Galaxy or Marvin's "
        f"Maps or Cube, not {type(source).__name__}"
    )
    raise TypeError(msg)


def _archived(source, release, daptype, download):
    """The galaxy of an identifier; a file that is missing or damaged is fetched if it may be."""
    try:
        return read_maps(locate(source, release=release, daptype=daptype, download=False))
    except (FileNotFoundError, MapsFileError):
        if not download:
            raise
    return read_maps(locate(source, release=release, daptype=daptype, download=True))
