"""The door to Marvin: our functions as methods of its ``Maps``."""

import logging
from weakref import WeakKeyDictionary

from mangapa.angles import misalignment as angle_between
from mangapa.cleaning import MIN_REGION, SIGMA, clean
from mangapa.fields import TRACERS, check_tracer
from mangapa.fitting import fit_pa
from mangapa.formats.marvin_maps import galaxy_from_marvin
from mangapa.profiles import pa_profile as measure_profile
from mangapa.usability import usability as judge

__all__ = ["attach", "kinematic_pa", "misalignment", "pa_profile", "usability"]

logger = logging.getLogger("mangapa")

#: Fields and results of each Maps object, for as long as it lives. Not kept on the object itself,
#: whose ``__getattr__`` takes an unknown name for the map that is spelled most like it.
_memory = WeakKeyDictionary()


def kinematic_pa(maps, tracer="stellar", *, sigma=SIGMA, min_region=MIN_REGION, **fit_options):
    """
    The global kinematic position angle of the stellar or H-alpha velocity field.

    The field is cleaned, then fitted. The result is remembered: asking again costs nothing.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Of any release, local or remote.
    tracer : {"stellar", "halpha"}, optional
        Which field.
    sigma, min_region : `float`, optional
        Thresholds of `mangapa.clean`.
    **fit_options
        Options of `mangapa.fit_pa`, such as ``method``.

    Returns
    -------
    `mangapa.KinematicPA`
        With ``pa`` (0-360 deg, North through East, to the receding side) and ``pa_err``.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """

    def compute():
        field = clean(_field(maps, tracer), sigma=sigma, min_region=min_region)
        return fit_pa(field, **fit_options)

    settings = {"sigma": sigma, "min_region": min_region, **fit_options}
    return _remembered(maps, (tracer, repr(sorted(settings.items()))), compute)


def misalignment(maps, **settings):
    """
    The angle between the rotation of the stars and that of the gas, 0-180 deg.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Of any release, local or remote.
    **settings
        The settings of `kinematic_pa`, for both fields.

    Returns
    -------
    `mangapa.Misalignment`
        With ``angle``, ``error``, ``misaligned`` (> 30 deg) and ``counter_rotating`` (> 150 deg).
    """
    return angle_between(
        kinematic_pa(maps, "stellar", **settings), kinematic_pa(maps, "halpha", **settings)
    )


def pa_profile(maps, tracer="stellar", *, sigma=SIGMA, min_region=MIN_REGION, **options):
    """
    The kinematic position angle against radius, with kinemetry's terms.

    The field is cleaned, then measured on elliptical rings. The result is remembered.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Of any release, local or remote.
    tracer : {"stellar", "halpha"}, optional
        Which field.
    sigma, min_region : `float`, optional
        Thresholds of `mangapa.clean`.
    **options
        Options of `mangapa.pa_profile`, such as ``axis_ratio``.

    Returns
    -------
    `mangapa.PAProfile`
        One row a ring, with ``radius``, ``pa`` and ``pa_err``; ``.plot()`` draws it.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """

    def compute():
        galaxy = _galaxy(maps, tracer)
        field = clean(galaxy.tracer(tracer), sigma=sigma, min_region=min_region)
        return measure_profile(field, **{"effective_radius": galaxy.effective_radius, **options})

    settings = {"sigma": sigma, "min_region": min_region, **options}
    return _remembered(maps, ("profile", tracer, repr(sorted(settings.items()))), compute)


def usability(
    maps, tracer="stellar", *, model="default", sigma=SIGMA, min_region=MIN_REGION, **options
):
    """
    Tell whether the stellar or the H-alpha velocity field can be used.

    Both fields are cleaned and judged together, which is right more often; a remote ``Maps`` asks
    the server for both.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Of any release, local or remote.
    tracer : {"stellar", "halpha"}, optional
        Which field.
    model : `str` or path-like, optional
        Which model; see `mangapa.usability`.
    sigma, min_region : `float`, optional
        Thresholds of `mangapa.clean`.
    **options
        Options of `mangapa.usability`, such as ``backend``.

    Returns
    -------
    `mangapa.Usability`
        With ``usable``, ``score`` and ``flags``.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    check_tracer(tracer)

    def compute():
        fields = [clean(_field(maps, one), sigma=sigma, min_region=min_region) for one in TRACERS]
        return dict(zip(TRACERS, judge(fields, model=model, **options), strict=True))

    settings = {"model": model, "sigma": sigma, "min_region": min_region, **options}
    key = ("usability", repr(sorted(settings.items())))
    return _remembered(maps, key, compute)[tracer]


def attach(module):
    """
    Give Marvin's ``Maps`` our methods; called when ``marvin.tools.maps`` is imported.

    It never raises, as that would break the import of Marvin, and never replaces what is not ours.

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


def _field(maps, tracer):
    return _galaxy(maps, tracer).tracer(tracer)


def _galaxy(maps, tracer):
    """The galaxy with one of its fields: a remote Maps is asked for no other."""
    check_tracer(tracer)
    return _remembered(maps, (tracer, "galaxy"), lambda: galaxy_from_marvin(maps, (tracer,)))


def _remembered(maps, key, compute):
    results = _memory.setdefault(maps, {})
    if key not in results:
        results[key] = compute()
    return results[key]
