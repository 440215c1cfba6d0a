"""`simulate_galaxy`: a rotating disc seen by a hexagonal IFU, with the defects of real fields."""

from dataclasses import replace
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits

from mangapa._utils.quantities import scalar
from mangapa._utils.types import ScalarLike
from mangapa.archive.releases import release_named
from mangapa.fields import Galaxy, VelocityField
from mangapa.simulate._arguments import LARGEST_SNR, MOST_PATCHES, NUMBERS, count, identifier
from mangapa.simulate._components import (
    Bar,
    CounterDisc,
    Dispersion,
    Lopsidedness,
    Neighbour,
    Warp,
    as_dispersion,
)
from mangapa.simulate._disc import Disc
from mangapa.simulate._instrument import look, surroundings
from mangapa.simulate._losvd import Moments, Profiles
from mangapa.simulate._noise import LINE_WIDTH, bins_by_snr, measure, spaxels_as_bins
from mangapa.simulate._sky import FIELD_OF_VIEW, SPAXEL, obstruct, spaxels
from mangapa.simulate._sources import (
    Source,
    counter_source,
    falling,
    layers_of,
    light_of,
    neighbour_layer,
    warp_of,
)

BINTYPES = ("VOR10", "HYB10", "SPX")
#: Effective radii out to which the primary sample is observed (Bundy et al. 2015, ApJ 798, 7).
COVERAGE = 1.5
#: What is measured of line-of-sight velocity distributions.
LOSVDS = {"gaussian": Profiles, "moments": lambda layers: Moments()}


def simulate_galaxy(
    *,
    plateifu: str | None = None,
    n_fibres: int = 127,
    pa_stellar: ScalarLike = 60.0,
    pa_halpha: ScalarLike | None = None,
    inclination: ScalarLike = 55.0,
    v_max: ScalarLike = 200.0,
    turnover: ScalarLike = 0.4,
    v_sys: ScalarLike = 0.0,
    snr: ScalarLike = 60.0,
    bintype: str = "VOR10",
    correlated: bool = False,
    outliers: ScalarLike = 0.0,
    foreground: int = 0,
    missing: int = 0,
    core_radius: ScalarLike = 0.0,
    core_offset: ScalarLike = 180.0,
    warp: ScalarLike | Warp = 0.0,
    bar: Bar | None = None,
    radial_flow: ScalarLike = 0.0,
    lopsidedness: Lopsidedness | None = None,
    neighbour: Neighbour | None = None,
    thickness: ScalarLike = 0.0,
    dispersion: ScalarLike | Dispersion = 100.0,
    dispersion_halpha: ScalarLike | Dispersion = 25.0,
    counter_disc: CounterDisc | None = None,
    losvd: str | None = None,
    psf: ScalarLike = 0.0,
    dithered: bool = False,
    seed: int = 0,
) -> Galaxy:
    """
    Simulate the stellar and H-alpha velocity fields of a disc galaxy.

    Parameters
    ----------
    plateifu : `str`, optional
        Identifier, which determines the number of fibres; made up by default.
    n_fibres : {19, 37, 61, 91, 127}, optional
        Size of the hexagonal IFU, unless ``plateifu`` is given.
    pa_stellar, pa_halpha : `float` or `~astropy.units.Quantity`, optional
        Position angle of the receding side, deg; by default the gas rotates with the stars.
    inclination : `float` or `~astropy.units.Quantity`, optional
        From 0 (face-on) to 90 deg.
    v_max, turnover : `float` or `~astropy.units.Quantity`, optional
        Of the rotation curve v_max tanh(R / (turnover R_e)): km/s, and effective radii.
    v_sys : `float` or `~astropy.units.Quantity`, optional
        Systemic velocity that is left in the fields, km/s.
    snr : `float`, optional
        Signal-to-noise ratio of the central spaxel; the noise grows outwards as the light falls.
    bintype : {"VOR10", "HYB10", "SPX"}, optional
        Bin both tracers (to a ratio of 10), only the stars, or neither.
    correlated : `bool`, optional
        Correlate the noise of neighbouring spaxels as in MaNGA.
    outliers : `float`, optional
        Fraction of the spaxels or bins with a spuriously high velocity.
    foreground, missing : `int`, optional
        Numbers of foreground blobs, each within a masked ring, and of masked patches.
    core_radius, core_offset : `float` or `~astropy.units.Quantity`, optional
        Radius, arcsec, of a kinematically decoupled core, and its rotation against the disc, deg.
        The core is round on the sky.
    warp : `float`, `~astropy.units.Quantity` or `~mangapa.simulate.Warp`, optional
        Tilted rings. A number is the change of the position angle, deg, that is linear in the
        radius in the plane of the disc, from the centre to half the long axis of the field; at
        larger radii the angle is constant.
    bar : `~mangapa.simulate.Bar`, optional
        Elliptical streaming of a bar or an oval disc.
    radial_flow : `float`, optional
        Radial velocity as a share of the rotation, from -1 to 1. A positive one turns the zero
        line by arctan(radial_flow / axis ratio) towards larger position angles.
    lopsidedness : `~mangapa.simulate.Lopsidedness`, optional
        Rotation that is faster on one side.
    neighbour : `~mangapa.simulate.Neighbour`, optional
        A blended source, which adds its light and its velocity.
    thickness : `float`, optional
        Scale height of the disc, whose layers are isothermal sheets, over its scale length. The
        velocity is the mean along the line of sight, weighted with the light. At 0 the disc is
        thin, but appears no flatter than 0.2.
    dispersion, dispersion_halpha : `float` or `~mangapa.simulate.Dispersion`, optional
        Velocity dispersions of the stars and of the gas, km/s. A number is that of the stars at
        the centre, which falls exponentially over two scale lengths of the disc, and that of the
        gas everywhere.
    counter_disc : `~mangapa.simulate.CounterDisc`, optional
        A second disc of stars, which rotates in the opposite sense.
    losvd : {"gaussian", "moments"}, optional
        What is measured of a line-of-sight velocity distribution: the mean and the width of the
        Gaussian that fits it best, as in a fit of two moments to a spectrum, or its mean and
        standard deviation. Errors of the former grow with that width, those of the latter do not.
        The default is "gaussian" with a ``counter_disc``, where the two differ most, and
        "moments", which are faster, without one.
    psf : `float` or `~astropy.units.Quantity`, optional
        Full width at half maximum of the beam, arcsec; 0, the default, is perfectly sharp. In
        MaNGA's cubes it is 2.5 arcsec. Velocities are means that are weighted with the smeared
        light.
    dithered : `bool`, optional
        Observe through the 2 arcsec fibres of the bundle in three dithers, and make the cube from
        them by MaNGA's weighting (Law et al. 2015, 2016). Neighbouring spaxels then share the
        noise of their fibres, whatever ``correlated`` is, and the beam is at least 1.9 arcsec
        wide; what ``psf`` exceeds that by is the seeing.
    seed : `int`, optional
        Seed of the random numbers; equal arguments give equal galaxies.

    Returns
    -------
    `~mangapa.Galaxy`
        Its fields have velocity dispersions, as the DAP states them, and the light of each tracer,
        which is 1 in the central spaxel of a field without noise. The dispersions of both tracers
        include an instrumental one: 30 km/s for the stars and 70 km/s for the gas. The cards
        TRUEPAST and TRUEPAHA of its header hold the true position angles, with a warp those of its
        inner rings.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(pa_stellar=40, pa_halpha=220, n_fibres=61)
    >>> galaxy.halpha
    <VelocityField of 9999-6101, halpha: 54 x 54 spaxels, 1315 good>

    A galaxy as MaNGA sees it:

    >>> barred = mangapa.simulate_galaxy(
    ...     psf=2.5, dithered=True, thickness=0.2, bar=mangapa.simulate.Bar(amplitude=0.3)
    ... )
    """
    plateifu, n_fibres = identifier(plateifu, n_fibres)
    given = {"stellar": pa_stellar, "halpha": pa_stellar if pa_halpha is None else pa_halpha}
    true_pa = {tracer: scalar(f"pa_{tracer}", pa, u.deg) % 360 for tracer, pa in given.items()}
    inclination = scalar("inclination", inclination, u.deg)
    snr = scalar("snr", snr, u.one, positive=True)
    outliers = scalar("outliers", outliers, u.one)
    given = {
        "v_max": v_max,
        "turnover": turnover,
        "v_sys": v_sys,
        "psf": psf,
        "core_radius": core_radius,
        "core_offset": core_offset,
        "radial_flow": radial_flow,
        "thickness": thickness,
    }
    numbers = {name: NUMBERS[name].check(name, value) for name, value in given.items()}
    v_sys, psf = numbers.pop("v_sys"), numbers.pop("psf")
    foreground = count("foreground", foreground, MOST_PATCHES)
    missing = count("missing", missing, MOST_PATCHES)
    seed = count("seed", seed, 2**63 - 1)
    for is_allowed, problem in [
        (0 <= inclination <= 90, f"inclination={inclination} deg must be between 0 and 90"),
        (snr <= LARGEST_SNR, f"snr={snr:g} must be at most {LARGEST_SNR:g}"),
        (bintype in BINTYPES, f"bintype={bintype!r} must be one of {', '.join(BINTYPES)}"),
        (0 <= outliers <= 1, f"outliers={outliers:g} must be a fraction between 0 and 1"),
    ]:
        if not is_allowed:
            raise ValueError(problem)
    edge = FIELD_OF_VIEW[n_fibres] / 2
    components = {
        "warp": warp_of(warp, inclination, edge, NUMBERS["core_offset"]),
        "bar": _component("bar", bar, Bar),
        "lopsidedness": _component("lopsidedness", lopsidedness, Lopsidedness),
    }
    neighbour = _component("neighbour", neighbour, Neighbour)
    counter_disc = _component("counter_disc", counter_disc, CounterDisc)
    dispersions = {
        "stellar": as_dispersion("dispersion", dispersion),
        "halpha": as_dispersion("dispersion_halpha", dispersion_halpha, is_even=True),
    }
    if losvd is None:
        losvd = "moments" if counter_disc is None else "gaussian"
    if losvd not in LOSVDS:
        msg = f"losvd={losvd!r} must be one of {', '.join(LOSVDS)}"
        raise ValueError(msg)
    # Other random numbers than those of the velocities have their own generator.
    rng, other_rng = np.random.default_rng(seed), np.random.default_rng([seed, 1])

    x, y, hexagon = spaxels(n_fibres)
    reff = edge / COVERAGE
    numbers["turnover"] *= reff
    disc = Disc(pa=true_pa["stellar"], inclination=inclination, reff=reff, **numbers, **components)
    masked, blobs = obstruct(rng, x, y, hexagon, foreground, missing)
    wide_x, wide_y = surroundings(x, y, psf, dithered)
    known: dict[Disc, list] = {}
    fields: dict[str, Any] = {}
    for tracer, pa in true_pa.items():
        turned = replace(disc, pa=pa)
        own = falling(dispersions[tracer], disc)
        sources = [Source(disc=turned, dispersion=own, light=disc)]
        if counter_disc is not None and tracer == "stellar":
            sources.append(counter_source(disc, counter_disc, own))
        instrument, template = LINE_WIDTH[tracer]
        line_width = np.hypot(instrument, template)
        layers = layers_of(sources, wide_x, wide_y, line_width, known)
        if neighbour is not None:
            in_field = light_of(sources, x[hexagon], y[hexagon]) * SPAXEL**2
            layers.append(neighbour_layer(neighbour, wide_x, wide_y, in_field, line_width))
        seen = look(layers, LOSVDS[losvd](layers), x, y, psf, n_fibres, dithered)
        observed = hexagon & (snr * seen.snr > 1)
        if bintype == "VOR10" or (bintype == "HYB10" and tracer == "stellar"):
            bin_id = bins_by_snr(snr * seen.snr, observed, shared=dithered)
        else:
            bin_id = spaxels_as_bins(observed)
        measured = measure(
            (rng, other_rng), seen, v_sys + blobs, snr, bin_id, tracer, correlated, outliers
        )
        fields[tracer] = VelocityField.from_arrays(
            measured.velocity,
            x,
            y,
            mask=masked,
            ivar=measured.ivar,
            bin_id=bin_id,
            dispersion=measured.dispersion,
            dispersion_ivar=measured.dispersion_ivar,
            instrumental_dispersion=np.full(x.shape, instrument),
            flux=measured.flux,
            tracer=tracer,
            galaxy=plateifu,
        )

    release = release_named("DR17")
    header = fits.Header()
    header["PLATEIFU"] = plateifu
    header["MANGAID"] = (f"99-{seed + 1}", "made up")
    header["SCINPVEL"] = (12000.0, "Velocity that the fields are relative to")
    header["REFF"] = reff
    header["ECOOPA"] = (true_pa["stellar"] % 180, "Photometric position angle")
    header["ECOOELL"] = (1 - disc.axis_ratio, "Photometric ellipticity")
    header["DAPQUAL"] = header["DRP3QUAL"] = 0
    header["MOCK"] = (True, "A simulation, not an observation")
    header["TRUEPAST"] = (true_pa["stellar"], "True position angle, stars")
    header["TRUEPAHA"] = (true_pa["halpha"], "True position angle, H-alpha")
    return Galaxy(
        **fields,
        plateifu=plateifu,
        mangaid=header["MANGAID"],
        release=release.name,
        daptype=f"{bintype}-{release.template}",
        header=header,
    )


def _component(name, value, kind):
    if value is not None and not isinstance(value, kind):
        msg = f"{name}={value!r} must be a {kind.__name__}, not {type(value).__name__}"
        raise TypeError(msg)
    return value
