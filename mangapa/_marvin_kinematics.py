"""Methods for Marvin's ``Maps`` that measure more than position angles."""

from typing import Any

from mangapa import kinematics
from mangapa._marvin_memory import angle_of, galaxy_of, prepared_of, profile_of, remembered
from mangapa._utils.types import ScalarLike
from mangapa.fields import check_tracer
from mangapa.flags import PhotometryFlags
from mangapa.kinematics._angular_momentum import momentum_of
from mangapa.kinematics._kinematics import kinematics_of
from mangapa.kinematics._photometry import light_of
from mangapa.kinematics._photometry import photometry as photometry_of
from mangapa.kinematics._psi import psi_of
from mangapa.kinematics._sources import radius_of
from mangapa.profiles import KinemetryProfile
from mangapa.profiles._features import field_features
from mangapa.profiles._kinemetry_profile import kinemetry_prepared
from mangapa.profiles._rings import RING_WIDTH
from mangapa.settings import MeasurementSettings

__all__ = [
    "angular_momentum",
    "kinematic_classes",
    "kinemetry",
    "photometric_misalignment",
    "spin_vector",
]


def kinemetry(
    maps: object,
    tracer: str = "stellar",
    *,
    moment: str = "velocity",
    ellipses: str | None = None,
    pa_axis: ScalarLike | None = None,
    axis_ratio: float | None = None,
    centre: str = "given",
    v_sys: str = "free",
    effective_radius: ScalarLike | None = None,
    ring_width: ScalarLike = RING_WIDTH,
    settings: MeasurementSettings | None = None,
) -> KinemetryProfile:
    """
    Measure ellipses and harmonic terms of a field on rings.

    The field is cleaned, then measured. The result is remembered.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Maps of any release, local or remote.
    tracer : {"stellar", "halpha"}, optional
        Which field.
    moment, ellipses, pa_axis, axis_ratio, centre, v_sys, effective_radius, ring_width : optional
        As in `mangapa.kinemetry`; by default the effective radius is that of the header.
    settings : `~mangapa.MeasurementSettings`, optional
        Options of cleaning and ``velocity_error``.

    Returns
    -------
    `mangapa.KinemetryProfile`
        One row for each ring.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of its range, or the field lacks the moment.
    """
    check_tracer(tracer)
    settings = MeasurementSettings.from_options(settings)
    options = {
        "moment": moment,
        "ellipses": ellipses,
        "pa_axis": pa_axis,
        "axis_ratio": axis_ratio,
        "centre": centre,
        "v_sys": v_sys,
        "ring_width": ring_width,
    }

    def measure():
        radius = effective_radius
        if radius is None:
            radius = radius_of(galaxy_of(maps, tracer, with_light=True))
        # Light weights the mean of k5 / k1.
        prepared = prepared_of(maps, tracer, settings, with_light=True)
        return kinemetry_prepared(prepared, effective_radius=radius, **options)

    key = ("kinemetry", tracer, settings, repr((effective_radius, options)))
    return remembered(maps, key, measure)


def photometric_misalignment(
    maps: object,
    tracer: str = "stellar",
    *,
    photometry: kinematics.Photometry | str | None = None,
    settings: MeasurementSettings | None = None,
    **options: Any,
) -> kinematics.PhotometricMisalignment:
    """
    Measure the angle between the rotation of the stars or of H-alpha and the light, 0-90 deg.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Maps of any release, local or remote.
    tracer : {"stellar", "halpha"}, optional
        Whose rotation it is.
    photometry : `~mangapa.Photometry`, {"header", "table", "flux"}, optional
        The photometric axis, or where it comes from, as in `mangapa.photometric_misalignment`.
    settings : `~mangapa.MeasurementSettings`, optional
        All options as one value.
    **options
        Single options of the fit, as in `mangapa.marvin.kinematic_pa`.

    Returns
    -------
    `mangapa.PhotometricMisalignment`
        With ``angle``, ``error`` and ``probability_over_30``.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, of the wrong type or out of its range.
    """
    check_tracer(tracer)
    settings = MeasurementSettings.from_options(settings, **options)
    if photometry is None or isinstance(photometry, str):
        photometry = _light(maps, tracer, photometry)
    if not isinstance(photometry, kinematics.Photometry):
        kind = type(photometry).__name__
        msg = f"photometry must be a Photometry, or where it comes from, not {kind}"
        raise TypeError(msg)
    return psi_of(angle_of(maps, tracer, settings), photometry)


def kinematic_classes(
    maps: object,
    tracer: str = "stellar",
    *,
    settings: MeasurementSettings | None = None,
    **options: Any,
) -> kinematics.KinematicClasses:
    """
    Give each kinematic class of a field its probability.

    The result is remembered.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Maps of any release, local or remote.
    tracer : {"stellar", "halpha"}, optional
        Which field.
    settings : `~mangapa.MeasurementSettings`, optional
        All options as one value.
    **options
        Single options of the fit, as in `mangapa.marvin.kinematic_pa`.

    Returns
    -------
    `mangapa.KinematicClasses`
        With a probability for each class and ``groups``.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, of the wrong type or out of its range.
    """
    check_tracer(tracer)
    return _kinematics(maps, tracer, MeasurementSettings.from_options(settings, **options)).classes


def angular_momentum(
    maps: object,
    tracer: str = "stellar",
    *,
    effective_radius: ScalarLike | None = None,
    settings: MeasurementSettings | None = None,
    **options: Any,
) -> kinematics.AngularMomentum:
    """
    Measure lambda_R and V/sigma within the half-light ellipse of a galaxy.

    The field is cleaned, then measured. The result is remembered.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Maps of any release, local or remote.
    tracer : {"stellar", "halpha"}, optional
        Which field.
    effective_radius : `float` or `~astropy.units.Quantity`, optional
        Semi-major axis of the ellipse, arcsec if unitless; by default that of the header.
    settings : `~mangapa.MeasurementSettings`, optional
        Options of cleaning and ``velocity_error``.
    **options
        Options of `mangapa.angular_momentum`, with the defaults for a galaxy.

    Returns
    -------
    `mangapa.AngularMomentum`
        With ``lambda_r`` and ``v_over_sigma``; NaN and a flag where they cannot be measured.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, of the wrong type or out of its range.
    """
    check_tracer(tracer)
    settings = MeasurementSettings.from_options(settings)

    def measure():
        galaxy = galaxy_of(maps, tracer, with_light=True)
        prepared = prepared_of(maps, tracer, settings, with_light=True)
        light = _light(maps, tracer)
        return momentum_of(prepared, galaxy, light, effective_radius=effective_radius, **options)

    key = ("momentum", tracer, settings, repr((effective_radius, sorted(options.items()))))
    return remembered(maps, key, measure)


def spin_vector(
    maps: object,
    tracer: str = "stellar",
    *,
    settings: MeasurementSettings | None = None,
    **options: Any,
) -> kinematics.SpinVector:
    """
    Find the direction of the angular momentum of a galaxy in equatorial coordinates.

    Parameters
    ----------
    maps : ``marvin.tools.maps.Maps``
        Maps of any release, local or remote.
    tracer : {"stellar", "halpha"}, optional
        Which field.
    settings : `~mangapa.MeasurementSettings`, optional
        All options of the fit as one value.
    **options
        Options of `mangapa.spin_vector`, such as ``inclination`` and ``winding``.

    Returns
    -------
    `mangapa.SpinVector`
        With ``directions`` and ``weights``: two where it is not known which side is near.

    Raises
    ------
    TypeError, ValueError
        If an argument is unknown, of the wrong type or out of its range.
    """
    check_tracer(tracer)
    angle = angle_of(maps, tracer, MeasurementSettings.from_options(settings))
    options = {"position": galaxy_of(maps, tracer).centre, **options}
    return kinematics.spin_vector(angle, **options)


def _kinematics(maps, tracer, settings):
    """All `~mangapa.kinematics.Kinematics` of a field."""

    def measure():
        return kinematics_of(
            prepared_of(maps, tracer, settings, with_light=True),
            angle_of(maps, tracer, settings),
            field_features("profile", profile_of(maps, tracer, settings)),
            galaxy=galaxy_of(maps, tracer, with_light=True),
            light=_light(maps, tracer),
        )

    return remembered(maps, ("kinematics", tracer, settings), measure)


def _light(maps, tracer, source=None):
    """The photometry of the galaxy from a source, or from where a measurement has it."""

    def measure(*, with_light):
        galaxy = galaxy_of(maps, tracer, with_light=with_light)
        if source is None:
            return light_of(galaxy)
        return photometry_of(galaxy, source=source, tracer=tracer)

    def measure_as_needed():
        # The header may do, which a server gives with the velocities.
        found = measure(with_light=False)
        return measure(with_light=True) if found.flags & PhotometryFlags.NO_FLUX else found

    return remembered(maps, ("light", tracer, source), measure_as_needed)
