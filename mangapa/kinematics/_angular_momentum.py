"""`angular_momentum`: lambda_R and V/sigma within the half-light ellipse."""

from dataclasses import replace
from typing import Any

import numpy as np
from astropy import units as u

from mangapa._utils.robust import FWHM
from mangapa._utils.threads import one_blas_thread
from mangapa._utils.types import ScalarLike
from mangapa.fields import OFFSET, VELOCITY, Galaxy, VelocityField, check_tracer
from mangapa.fitting._prepared import prepare
from mangapa.flags import AngularMomentumFlags as Flags
from mangapa.kinematics._angular_momentum_options import LARGEST_ELLIPTICITY, Options, with_galaxy
from mangapa.kinematics._angular_momentum_result import AngularMomentum
from mangapa.kinematics._aperture import covered
from mangapa.kinematics._corrections import BEAM_CORRECTIONS, Beam
from mangapa.kinematics._light import Light
from mangapa.kinematics._sources import galaxy_in
from mangapa.profiles._rings import MIN_DATA

__all__ = ["angular_momentum"]

#: Fraction of the aperture that must be covered (Graham et al. 2018 warn below it).
LEAST_COVERAGE = 0.85
#: 1-sigma error of the centre along each axis that is assumed, arcsec.
CENTRE_ERROR = 0.1
#: Part of the bias of the noise that is left or removed in excess, as an error; in slow rotators it
#: is 0.1 to 0.25 of the bias (benchmarks/angular_momentum.py).
BIAS_LEFT = 0.2
#: The dispersion is resolved if the mean of its square is above this many times its error.
RESOLVED = 2.0
#: Step of the curve against radius, in semi-major axes of the aperture, and where it ends.
CURVE_STEP, CURVE_END = 0.1, 3.0
#: An aperture that is not covered is extrapolated from this fraction of it onwards, by the tangent
#: of the last points of the curve, whose error is this fraction of the change: on simulated discs
#: it is 0.3 to 0.4 of it (benchmarks/angular_momentum.py).
LEAST_REACH, TANGENT, GROWTH_ERROR = 0.5, 3, 0.35


def angular_momentum(
    source: VelocityField | Galaxy | Any,
    tracer: str = "stellar",
    *,
    effective_radius: ScalarLike | None = None,
    pa: ScalarLike | None = None,
    ellipticity: float | None = None,
    radius: str | None = None,
    distance: str = "circular",
    beam: ScalarLike | None = None,
    sersic_index: float | None = None,
    beam_correction: str | None = None,
    aperture_correction: str | None = None,
    effective_radius_err: ScalarLike | None = None,
    pa_err: ScalarLike | None = None,
    ellipticity_err: float | None = None,
) -> AngularMomentum:
    """
    Measure lambda_R and V/sigma within the half-light ellipse of a galaxy.

    The field is measured as it is: `~mangapa.clean` it first; that of a measurement is clean. Its
    dispersions and its light are needed. Velocities are relative to the systemic velocity of the
    best disc. The bias that noise gives to sizes and squares of velocities and dispersions is
    removed, and the squares of dispersions stay signed where the instrument's part is subtracted.

    Parameters
    ----------
    source : `~mangapa.VelocityField`, `~mangapa.Galaxy` or `~mangapa.Measurement`
        A field with dispersions and light, or the galaxy of one, which says more about it.
    tracer : {"stellar", "halpha"}, optional
        Which field of a galaxy.
    effective_radius : `float` or `~astropy.units.Quantity`, optional
        Effective radius of the light, arcsec if unitless; by default that of the galaxy's header.
        A field needs it.
    pa : `float` or `~astropy.units.Quantity`, optional
        Position angle of the major axis of the light, deg if unitless, North through East; by
        default that of the galaxy's `~mangapa.photometry`, or else the kinematic axis.
    ellipticity : `float`, optional
        1 - b/a of the light, from 0 to 0.95; by default that of the galaxy's photometry. Where it
        is unknown the aperture is a circle.
    radius : {"area", "major_axis"}, optional
        What ``effective_radius`` is: the radius of a circle with the area of the ellipse (ATLAS3D),
        or its semi-major axis (SAMI, and the NSA radii in MaNGA's files). By default the first for
        a field, and the second for a galaxy.
    distance : {"circular", "elliptical"}, optional
        What R is: the distance from the centre (ATLAS3D, MaNGA), or the semi-major axis of the
        ellipse through the spaxel (SAMI).
    beam : `float` or `~astropy.units.Quantity`, optional
        Full width at half maximum of the beam, arcsec if unitless; needed by a correction, for
        which it is by default that of the card RFWHM of the galaxy's header.
    sersic_index : `float`, optional
        Sersic index of the light; needed by a correction.
    beam_correction : {"graham2018", "harborne2020"}, optional
        Published correction for the beam, for galaxies that rotate regularly. The first is of
        lambda_R only.
    aperture_correction : {"growth_curve"}, optional
        Extrapolate lambda_R where the field covers at least half of the semi-major axis but not the
        whole ellipse, by the tangent of its curve against the logarithm of the radius.
    effective_radius_err : `float` or `~astropy.units.Quantity`, optional
        1-sigma error of the effective radius, arcsec if unitless; by default a tenth of it.
    pa_err : `float` or `~astropy.units.Quantity`, optional
        1-sigma error of the position angle, deg if unitless; by default that of the photometry, or
        5 deg for an angle that you give.
    ellipticity_err : `float`, optional
        1-sigma error of the ellipticity; by default that of the photometry, or 0.05 for one that
        you give.

    Returns
    -------
    `AngularMomentum`
        NaN and a flag where less than 85 % of the ellipse is covered, where there are no
        dispersions or no light, or where the galaxy has no effective radius or no such field.

    Raises
    ------
    TypeError
        If ``source`` is none of these.
    ValueError
        If an option is out of its range, or a field lacks its effective radius or a correction what
        it needs.
    ImportError
        If the shape of the light is to be measured, and photutils is not installed.

    References
    ----------
    Emsellem et al. 2007, MNRAS 379, 401, eq. 6, and 2011, MNRAS 414, 888; Cappellari et al. 2007,
    MNRAS 379, 418, for V/sigma; Graham et al. 2018, MNRAS 477, 4711, eq. 5, and Harborne et al.
    2020, MNRAS 497, 2018, for the beam; van de Sande et al. 2017, MNRAS 472, 1272, on curves of
    growth as corrections for the aperture.

    Examples
    --------
    >>> import numpy as np
    >>> import mangapa
    >>> y, x = np.mgrid[-10:10.5:0.5, 10:-10.5:-0.5]
    >>> r = np.hypot(x, y)
    >>> field = mangapa.VelocityField.from_arrays(
    ...     150 * np.tanh(r / 2) * x / np.maximum(r, 0.1),
    ...     x,
    ...     y,
    ...     ivar=np.full(x.shape, 0.04),
    ...     dispersion=np.full(x.shape, 120.0),
    ...     dispersion_ivar=np.full(x.shape, 0.04),
    ...     flux=np.exp(-r / 3),
    ... )
    >>> mangapa.angular_momentum(field, effective_radius=5, ellipticity=0.2, pa=90)
    <AngularMomentum lambda_R 0.593 +- 0.020, V/sigma 0.77 +- 0.03>

    A galaxy has its effective radius and its shape itself:

    >>> galaxy = mangapa.simulate_galaxy(n_fibres=61, pa_stellar=30, inclination=60, seed=3)
    >>> print(f"{mangapa.angular_momentum(galaxy).semi_major_axis:.1f}")
    7.5 arcsec
    """
    check_tracer(tracer)
    options = {
        "effective_radius": effective_radius,
        "pa": pa,
        "ellipticity": ellipticity,
        "radius": radius,
        "distance": distance,
        "beam": beam,
        "sersic_index": sersic_index,
        "beam_correction": beam_correction,
        "aperture_correction": aperture_correction,
        "effective_radius_err": effective_radius_err,
        "pa_err": pa_err,
        "ellipticity_err": ellipticity_err,
    }
    galaxy = galaxy_in(source)
    if galaxy is not None:
        field = galaxy.tracer(tracer)
        if field is None:
            return AngularMomentum(flags=Flags.NO_MAP)
        return momentum_of(prepare(field), galaxy, **options)
    if not isinstance(source, VelocityField):
        kind = type(source).__name__
        msg = f"source must be a VelocityField, a Galaxy or a Measurement, not {kind}"
        raise TypeError(msg)
    if effective_radius is None:
        msg = "effective_radius is needed for a field; give it, or give the galaxy of the field"
        raise ValueError(msg)
    return angular_momentum_prepared(prepare(source), **options)


def momentum_of(prepared, galaxy, light=None, **options):
    """
    `angular_momentum` of a prepared field of a galaxy.

    ``light`` is the `Photometry` of the galaxy, if that is known already.
    """
    return angular_momentum_prepared(prepared, **with_galaxy(galaxy, light, options))


def angular_momentum_prepared(prepared, **options):
    """`angular_momentum` of a field that was prepared already."""
    given = Options.of(**options)
    field = prepared.field
    flags = Flags.CIRCULAR if np.isnan(given.ellipticity) else Flags.NONE
    if field.dispersion is None:
        flags |= Flags.NO_DISPERSION
    elif field._instrument_is_unknown:
        flags |= Flags.NO_INSTRUMENT
    if field.flux is None:
        flags |= Flags.NO_FLUX
    if prepared.flags:
        flags |= Flags.NO_SPAXELS
    if np.isnan(given.effective_radius):
        flags |= Flags.NO_RADIUS
    if flags & ~Flags.CIRCULAR:
        return AngularMomentum(flags=flags)
    with one_blas_thread():
        aperture = given.aperture(prepared.spaxels)
        light = Light.of(prepared, aperture, given.distance == "elliptical")
        if light is None:
            return AngularMomentum(flags=flags | Flags.NO_SPAXELS)
        return _measure(light, aperture, given, flags)


def _measure(light, aperture, given, flags):
    """Result of a field that can be measured."""
    sums = light.sums(aperture)
    if sums.n_spaxels < MIN_DATA:
        return AngularMomentum(flags=flags | Flags.NO_SPAXELS)
    edges = np.arange(1, round(CURVE_END / CURVE_STEP) + 1) * CURVE_STEP * aperture.semi_major
    within, area = light.curve(aperture, edges)
    inside = area >= LEAST_COVERAGE
    if not light.has_errors:
        flags |= Flags.NO_ERRORS
    result = AngularMomentum(
        coverage=covered(sums.area, aperture),
        v_sys=light.v_sys * VELOCITY,
        semi_major_axis=aperture.semi_major * OFFSET,
        pa=aperture.pa % 180 * u.deg,
        ellipticity=given.ellipticity,
        ellipticity_err=given.ellipticity_err,
        n_spaxels=sums.n_spaxels,
        radius=edges[inside] * OFFSET,
        lambda_r_within=within[inside],
        flags=flags,
    )
    if result.coverage >= LEAST_COVERAGE:
        result = _with_values(result, light, aperture, given)
        corrected = result.lambda_r, result.lambda_r_err_total
    else:
        result = replace(result, flags=flags | Flags.LITTLE_COVERED)
        corrected = np.nan, np.nan
        if given.aperture_correction is not None:
            corrected = _extrapolated(result, light, aperture, given)
    if given.beam_correction is not None:
        return _sharpened(result, corrected, given)
    if given.aperture_correction is not None:
        return replace(result, lambda_r_corrected=corrected[0], lambda_r_corrected_err=corrected[1])
    return result


def _with_values(result, light, aperture, given):
    """The result with lambda_R and V/sigma within an aperture."""
    sums = light.sums(aperture)
    noise = light.noise(sums)
    shifted = [light.sums(one) for one in _shifted(aperture, given)]
    lambda_sys = _spread(sums.lambda_r, [one.lambda_r for one in shifted])
    result = replace(
        result,
        lambda_r=sums.lambda_r,
        lambda_r_err=noise.lambda_r,
        lambda_r_err_sys=float(np.hypot(lambda_sys, BIAS_LEFT * sums.noise_bias)),
        noise_bias=sums.noise_bias,
    )
    resolved = sums.squared_dispersion > RESOLVED * noise.squared_dispersion
    if not (resolved and np.isfinite(sums.lambda_r)):
        return replace(result, flags=result.flags | Flags.UNRESOLVED)
    return replace(
        result,
        v_over_sigma=sums.v_over_sigma,
        v_over_sigma_err=noise.v_over_sigma,
        v_over_sigma_err_sys=_spread(sums.v_over_sigma, [one.v_over_sigma for one in shifted]),
    )


def _extrapolated(result, light, aperture, given):
    """lambda_R within an aperture that is not covered, from its curve, and its error."""
    radius = result.radius.value / aperture.semi_major
    if radius.size < TANGENT or radius[-1] < LEAST_REACH:
        return np.nan, np.nan
    covered_part = replace(aperture, semi_major=float(result.radius.value[-1]))
    # The field does not show how lambda_R changes with its end.
    part = _with_values(result, light, covered_part, replace(given, effective_radius_err=0.0))
    slope = np.polyfit(np.log(radius[-TANGENT:]), result.lambda_r_within[-TANGENT:], 1)[0]
    change = -slope * np.log(radius[-1])
    of_radius = slope * given.effective_radius_err / given.effective_radius
    errors = part.lambda_r_err_total, GROWTH_ERROR * change, of_radius
    return part.lambda_r + change, float(np.linalg.norm(errors))


def _spread(value, shifted):
    """Error from shifts by +1 and -1 standard deviation in turn, with what both have in common."""
    up, down = np.array(shifted[::2]) - value, np.array(shifted[1::2]) - value
    # Away from the centre, lambda_R may change in one direction only.
    return float(np.sqrt(np.sum(up**2 + down**2) / 2))


def _shifted(aperture, given):
    """The aperture moved by each error, in both directions."""
    error = given.effective_radius_err / given.effective_radius
    ratio = aperture.axis_ratio
    for sign in (1, -1):
        yield replace(aperture, semi_major=aperture.semi_major * max(1 + sign * error, error))
    for sign in (1, -1):
        yield replace(aperture, pa=aperture.pa + sign * given.pa_err)
    for sign in (1, -1):
        # Of the same area, if that is what is known.
        other = float(np.clip(ratio + sign * given.shape_err, 1 - LARGEST_ELLIPTICITY, 1))
        size = np.sqrt(ratio / other) if given.radius == "area" else 1.0
        yield replace(aperture, axis_ratio=other, semi_major=aperture.semi_major * size)
    for sign in (1, -1):
        yield replace(aperture, x=aperture.x + sign * CENTRE_ERROR)
    for sign in (1, -1):
        yield replace(aperture, y=aperture.y + sign * CENTRE_ERROR)


def _sharpened(result, value, given):
    """The result with a published correction for the beam of ``value``, lambda_R and its error."""
    beam = Beam(
        ratio=given.beam / FWHM / result.semi_major_axis.value,
        sersic_index=given.sersic_index,
        ellipticity=float(np.nan_to_num(given.ellipticity)),
        by_ellipse=given.distance == "elliptical",
    )
    of_lambda, of_ratio = BEAM_CORRECTIONS[given.beam_correction](beam)
    if np.isnan(of_lambda.value):
        return replace(result, flags=result.flags | Flags.OUTSIDE_CORRECTION)
    lambda_r, lambda_err = of_lambda.apply(*value)
    ratio, ratio_err = of_ratio.apply(result.v_over_sigma, result.v_over_sigma_err_total)
    return replace(
        result,
        lambda_r_corrected=lambda_r,
        lambda_r_corrected_err=lambda_err,
        v_over_sigma_corrected=ratio,
        v_over_sigma_corrected_err=ratio_err,
    )
