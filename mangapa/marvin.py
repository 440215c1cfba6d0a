"""Methods for Marvin's ``Maps``."""

import logging
from typing import Any

from mangapa import angles, profiles
from mangapa._marvin_kinematics import (
    angular_momentum,
    kinematic_classes,
    kinemetry,
    photometric_misalignment,
    spin_vector,
)
from mangapa._marvin_memory import angle_of, prepared_of, profile_of, remembered
from mangapa._utils.options import documented_with
from mangapa._utils.types import ScalarLike
from mangapa.fields import TRACERS, check_tracer
from mangapa.fitting import KinematicPA
from mangapa.profiles._rings import RING_WIDTH
from mangapa.settings import MeasurementSettings
from mangapa.usability import Usability, _predict
from mangapa.usability.model import load_model

__all__ = [
    "angular_momentum",
    "attach",
    "kinematic_classes",
    "kinematic_pa",
    "kinemetry",
    "misalignment",
    "pa_profile",
    "photometric_misalignment",
    "spin_vector",
    "usability",
]

logger = logging.getLogger("mangapa")


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
    return angle_of(maps, tracer, MeasurementSettings.from_options(settings, **options))


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
    return profile_of(maps, tracer, settings, effective_radius=effective_radius, **rings)


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
        prepared = [prepared_of(maps, one, settings) for one in tracers]
        return dict(zip(tracers, _predict.usability_prepared(prepared, model), strict=True))

    key = "usability", backend, settings
    try:
        return remembered(maps, key, lambda: judge(TRACERS))[tracer]
    except Exception:  # If the other tracer is to blame, this one is judged alone.
        return remembered(maps, (*key, tracer), lambda: judge([tracer]))[tracer]


#: What Marvin's ``Maps`` are given.
METHODS = (
    *(kinematic_pa, misalignment, pa_profile, usability),
    *(kinemetry, kinematic_classes, photometric_misalignment, angular_momentum, spin_vector),
)


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
        for method in METHODS:
            present = getattr(module.Maps, method.__name__, None)
            if present is None or getattr(present, "__module__", None) == method.__module__:
                setattr(module.Maps, method.__name__, method)
            else:
                logger.warning(
                    "Marvin's Maps has its own %s; mangapa leaves it alone", method.__name__
                )
    except Exception:
        logger.exception("mangapa could not add its methods to Marvin's Maps")
