"""Methods for Marvin's ``Maps``."""

import logging
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from mangapa import angles, profiles
from mangapa._utils.options import documented_with
from mangapa._utils.types import ScalarLike
from mangapa.cleaning import clean_with
from mangapa.exceptions import MapsFileError
from mangapa.fields import TRACERS, check_tracer
from mangapa.fitting import KinematicPA
from mangapa.fitting._fit import fit_prepared, prepare_for
from mangapa.formats.marvin_maps import galaxy_from_marvin
from mangapa.profiles._profile import profile_prepared
from mangapa.profiles._rings import RING_WIDTH
from mangapa.settings import MeasurementSettings
from mangapa.usability import Usability, _predict
from mangapa.usability.model import load_model

__all__ = ["attach", "kinematic_pa", "misalignment", "pa_profile", "usability"]

logger = logging.getLogger("mangapa")

#: Fields and results of each Maps object, for as long as it lives. They are not kept on the object,
#: whose ``__getattr__`` returns the map with the most similar name for an unknown attribute.
_memory = WeakKeyDictionary()


@documented_with(MeasurementSettings)
def kinematic_pa(
    maps: object,
    tracer: str = "stellar",
    *,
    settings: MeasurementSettings | None = None,
    **options: Any,
) -> KinematicPA:
    """
    Fit the global kinematic position angle of the stellar or H-alpha velocity field.

    The field is cleaned, then fitted. The result is remembered: asking again costs nothing.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Maps of any release, local or remote.
    tracer : {"stellar", "halpha"}, optional
        Which field.
    settings : `~mangapa.MeasurementSettings`, optional
        All options as one value.
    **options
        Single options, which replace those of ``settings``; velocities may be quantities:

        {options}

    Returns
    -------
    `mangapa.KinematicPA`
        With ``pa`` (0-360 deg, North through East, to the receding side) and ``pa_err``.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, of the wrong type or out of its range.
    """
    check_tracer(tracer)
    settings = MeasurementSettings.from_options(settings, **options)

    def fit():
        prepared = _prepared(maps, tracer, settings)
        return fit_prepared([prepared], settings)[0]

    return _remembered(maps, ("angle", tracer, settings), fit)


def misalignment(
    maps: object, *, settings: MeasurementSettings | None = None, **options: Any
) -> angles.Misalignment:
    """
    Measure the angle between the rotation of the stars and that of the gas, 0-180 deg.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Maps of any release, local or remote.
    settings : `~mangapa.MeasurementSettings`, optional
        All options as one value.
    **options
        Single options, as in `kinematic_pa`, for both fields.

    Returns
    -------
    `mangapa.Misalignment`
        With ``angle``, ``error``, ``misaligned`` (> 30 deg) and ``counter_rotating`` (> 150 deg).
    """
    both = (kinematic_pa(maps, tracer, settings=settings, **options) for tracer in TRACERS)
    return angles.misalignment(*both)


def pa_profile(
    maps: object,
    tracer: str = "stellar",
    *,
    pa_axis: ScalarLike | None = None,
    axis_ratio: float | None = None,
    effective_radius: ScalarLike | None = None,
    ring_width: ScalarLike = RING_WIDTH,
    settings: MeasurementSettings | None = None,
    **options: Any,
) -> profiles.PAProfile:
    """
    Measure the kinematic position angle against radius, with kinemetry's terms.

    The field is cleaned, then measured on elliptical rings. The result is remembered.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Maps of any release, local or remote.
    tracer : {"stellar", "halpha"}, optional
        Which field.
    pa_axis, axis_ratio, effective_radius, ring_width : optional
        As in `mangapa.pa_profile`; by default the effective radius is that of the header.
    settings : `~mangapa.MeasurementSettings`, optional
        As in `kinematic_pa`; the options of cleaning and ``velocity_error`` matter.
    **options
        Single options, which replace those of ``settings``.

    Returns
    -------
    `mangapa.PAProfile`
        One row for each ring, with ``radius``, ``pa`` and ``pa_err``; ``.plot()`` draws it.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, of the wrong type or out of its range.
    """
    check_tracer(tracer)
    settings = MeasurementSettings.from_options(settings, **options)
    rings = {"pa_axis": pa_axis, "axis_ratio": axis_ratio, "ring_width": ring_width}

    def measure():
        radius = effective_radius
        if radius is None:
            radius = _galaxy(maps, tracer).effective_radius
        prepared = _prepared(maps, tracer, settings)
        return profile_prepared(prepared, effective_radius=radius, **rings)

    key = ("profile", tracer, settings, repr((effective_radius, rings)))
    return _remembered(maps, key, measure)


def usability(
    maps: object,
    tracer: str = "stellar",
    *,
    backend: str = "numpy",
    settings: MeasurementSettings | None = None,
    **options: Any,
) -> Usability:
    """
    Decide whether the stellar or the H-alpha velocity field can be used.

    Both fields are cleaned and judged together, which is right more often; a remote ``Maps`` asks
    the server for both. If the other one cannot be judged, this one is judged alone.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Maps of any release, local or remote.
    tracer : {"stellar", "halpha"}, optional
        Which field.
    backend : {"numpy", "tensorflow"}, optional
        What the model runs on.
    settings : `~mangapa.MeasurementSettings`, optional
        All options as one value.
    **options
        Single options, as in `kinematic_pa`. Only ``model`` and those of cleaning matter here.

    Returns
    -------
    `mangapa.Usability`
        With ``usable``, ``score`` and ``flags``.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, of the wrong type or out of its range.
    """
    check_tracer(tracer)
    settings = MeasurementSettings.from_options(settings, **options)

    def judge(tracers):
        model = load_model(settings.model, backend=backend)
        prepared = [_prepared(maps, one, settings) for one in tracers]
        return dict(zip(tracers, _predict.usability_prepared(prepared, model), strict=True))

    key = "usability", backend, settings
    try:
        return _remembered(maps, key, lambda: judge(TRACERS))[tracer]
    except Exception:  # If the other tracer is to blame, this one is judged alone.
        return _remembered(maps, (*key, tracer), lambda: judge([tracer]))[tracer]


def attach(module: Any) -> None:
    """
    Give Marvin's ``Maps`` our methods; called when ``marvin.tools.maps`` is imported.

    It never raises, since that would break the import of Marvin, and never replaces what is not
    ours.

    Parameters
    ----------
    module : module
        ``marvin.tools.maps``.
    """
    try:
        for method in (kinematic_pa, misalignment, pa_profile, usability):
            present = getattr(module.Maps, method.__name__, None)
            if present is None or getattr(present, "__module__", None) == __name__:
                setattr(module.Maps, method.__name__, method)
            else:
                logger.warning(
                    "Marvin's Maps has its own %s; mangapa leaves it alone", method.__name__
                )
    except Exception:
        logger.exception("mangapa could not add its methods to Marvin's Maps")


def _galaxy(maps, tracer):
    """The galaxy with one of its fields: a remote Maps is asked for no other, a file read once."""
    if maps.data_origin == "file":
        # A file that lacks the other field still has this one.
        with suppress(MapsFileError):
            return _remembered(maps, "galaxy", lambda: galaxy_from_marvin(maps))
    return _remembered(maps, ("galaxy", tracer), lambda: galaxy_from_marvin(maps, (tracer,)))


def _prepared(maps, tracer, settings):
    """A field, cleaned and prepared once for the angle and the usability."""

    def prepare():
        return prepare_for(clean_with(_galaxy(maps, tracer).tracer(tracer), settings), settings)

    # Only these options matter to it, so that any method and model share it.
    options = settings.sigma, settings.min_region, settings.velocity_error, settings.v_sys
    return _remembered(maps, ("prepared", tracer, *options), prepare)


def _remembered(maps, key, compute):
    results = _memory.setdefault(maps, {})
    if key not in results:
        results[key] = compute()
    return results[key]
