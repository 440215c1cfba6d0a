"""A rotating thin disc, observed by a hexagonal IFU, with the defects of real velocity fields."""

import operator
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits

from mangapa._utils.quantities import scalar
from mangapa._utils.types import ScalarLike
from mangapa.archive.releases import PLATEIFU, release_named
from mangapa.fields import Galaxy, VelocityField

#: Long axis of the hexagon for each number of fibres, arcsec (Drory et al. 2015, AJ 149, 77).
FIELD_OF_VIEW = {19: 12.5, 37: 17.5, 61: 22.5, 91: 27.5, 127: 32.5}
#: Side of the DAP's square maps for each number of fibres, spaxels.
MAP_SIZE = {19: 34, 37: 44, 61: 54, 91: 64, 127: 74}
#: Side of a spaxel, arcsec.
SPAXEL = 0.5
#: Signal-to-noise ratio to which the DAP bins spaxels in its VOR10 and HYB10 analyses.
BIN_SNR = 10
BINTYPES = ("VOR10", "HYB10", "SPX")
#: Half-light radius of an exponential disc over its scale length.
EXPONENTIAL = 1.678
#: Square of the axis ratio of an edge-on disc, 0.2, which is usual for spirals.
THICKNESS = 0.04
#: Effective radii out to which the primary sample is observed (Bundy et al. 2015, ApJ 798, 7).
COVERAGE = 1.5
#: Velocity error at a signal-to-noise ratio of one and its floor, km/s, as in typical MAPS files.
VELOCITY_ERROR = {"stellar": (120.0, 2.0), "halpha": (60.0, 1.0)}
#: Correlation length of the noise of MaNGA's spaxels (Westfall et al. 2019, AJ 158, 231); kept
#: apart from that of the fits, which simulations test.
CORRELATION_SPAXELS = 1.92
#: Radius of a foreground blob and of the masked ring around it, arcsec: about the seeing.
BLOB_RADIUS, RING_RADIUS = 1.5, 2.5
#: Range of velocities that blobs and outliers add, km/s: clearly faster than the rotation.
BLOB_VELOCITY, OUTLIER_VELOCITY = (300, 600), (500, 1000)
#: Largest bin, spaxels on a side; its half, quarter and eighth are the other sizes.
LARGEST_BIN = 8
#: Limits of what is simulated: the speed of light, km/s; a ratio whose square is still exact; and
#: more blobs or patches than fit in a field.
LARGEST_VELOCITY, LARGEST_SNR, MOST_PATCHES = 3e5, 1e7, 1000


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
    warp: ScalarLike = 0.0,
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
    warp : `float` or `~astropy.units.Quantity`, optional
        Change of the position angle from the centre to the edge, deg.
    seed : `int`, optional
        Seed of the random numbers; equal arguments give equal galaxies.

    Returns
    -------
    `~mangapa.Galaxy`
        The cards TRUEPAST and TRUEPAHA of its header hold the true position angles.

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
    """
    plateifu, n_fibres = _identifier(plateifu, n_fibres)
    given = {"stellar": pa_stellar, "halpha": pa_stellar if pa_halpha is None else pa_halpha}
    true_pa = {tracer: scalar(f"pa_{tracer}", pa, u.deg) % 360 for tracer, pa in given.items()}
    inclination = scalar("inclination", inclination, u.deg)
    v_max = _number_in("v_max", v_max, u.km / u.s, -LARGEST_VELOCITY, LARGEST_VELOCITY)
    turnover = _number_in("turnover", turnover, u.one, 1e-3, 1e3)
    v_sys = _number_in("v_sys", v_sys, u.km / u.s, -LARGEST_VELOCITY, LARGEST_VELOCITY)
    snr = scalar("snr", snr, u.one, positive=True)
    outliers = scalar("outliers", outliers, u.one)
    core_radius = _number_in("core_radius", core_radius, u.arcsec, 0, 1000)
    core_offset = _number_in("core_offset", core_offset, u.deg, -360, 360)
    warp = _number_in("warp", warp, u.deg, -360, 360)
    foreground = _count("foreground", foreground, MOST_PATCHES)
    missing = _count("missing", missing, MOST_PATCHES)
    seed = _count("seed", seed, 2**63 - 1)
    for is_allowed, problem in [
        (0 <= inclination <= 90, f"inclination={inclination} deg must be between 0 and 90"),
        (snr <= LARGEST_SNR, f"snr={snr:g} must be at most {LARGEST_SNR:g}"),
        (bintype in BINTYPES, f"bintype={bintype!r} must be one of {', '.join(BINTYPES)}"),
        (0 <= outliers <= 1, f"outliers={outliers:g} must be a fraction between 0 and 1"),
    ]:
        if not is_allowed:
            raise ValueError(problem)
    rng = np.random.default_rng(seed)

    x, y, hexagon = _sky(n_fibres)
    edge = FIELD_OF_VIEW[n_fibres] / 2
    reff = edge / COVERAGE
    axis_ratio = np.sqrt(np.cos(np.radians(inclination)) ** 2 * (1 - THICKNESS) + THICKNESS)
    radius, _ = _polar(x, y, true_pa["stellar"], axis_ratio)
    flux = np.exp(-EXPONENTIAL * radius / reff)
    spaxel_snr = snr * np.sqrt(flux)
    observed = hexagon & (spaxel_snr > 1)
    masked, blobs = _obstruct(rng, x, y, hexagon, foreground, missing)

    fields: dict[str, Any] = {}
    on_sky = np.hypot(x, y)
    turn = warp * on_sky / edge + core_offset * (on_sky < core_radius)
    for tracer, pa in true_pa.items():
        radius, azimuth = _polar(x, y, pa + turn, axis_ratio)
        velocity = v_max * np.tanh(radius / (turnover * reff)) * np.sin(np.radians(inclination))
        velocity = velocity * np.cos(azimuth) + v_sys + blobs
        if bintype == "VOR10" or (bintype == "HYB10" and tracer == "stellar"):
            bin_id = _bin_by_snr(spaxel_snr, observed)
        else:
            bin_id = _number(np.arange(observed.sum()), observed)
        light = (flux, spaxel_snr, bin_id)
        velocity, ivar = _observe(rng, velocity, *light, tracer, correlated, outliers)
        fields[tracer] = VelocityField.from_arrays(
            velocity, x, y, mask=masked, ivar=ivar, bin_id=bin_id, tracer=tracer, galaxy=plateifu
        )

    release = release_named("DR17")
    header = fits.Header()
    header["PLATEIFU"] = plateifu
    header["MANGAID"] = (f"99-{seed + 1}", "made up")
    header["SCINPVEL"] = (12000.0, "Velocity that the fields are relative to")
    header["REFF"] = reff
    header["ECOOPA"] = (true_pa["stellar"] % 180, "Photometric position angle")
    header["ECOOELL"] = (1 - axis_ratio, "Photometric ellipticity")
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


def _number_in(name, value, unit, smallest, largest):
    number = scalar(name, value, unit)
    if not smallest <= number <= largest:
        msg = f"{name}={number:g} must be between {smallest:g} and {largest:g} {unit}".rstrip()
        raise ValueError(msg)
    return number


def _count(name, value, largest):
    try:
        number = operator.index(value)
    except TypeError:
        msg = f"{name}={value!r} must be an integer, not {type(value).__name__}"
        raise TypeError(msg) from None
    if not 0 <= number <= largest:
        msg = f"{name}={value!r} must be between 0 and {largest}"
        raise ValueError(msg)
    return number


def _identifier(plateifu, n_fibres):
    if plateifu is not None:
        if not isinstance(plateifu, str) or not PLATEIFU.fullmatch(plateifu):
            msg = f"plateifu={plateifu!r} must look like 8485-1901"
            raise ValueError(msg)
        return str(plateifu), int(plateifu.split("-")[1][:-2])
    if isinstance(n_fibres, bool) or n_fibres not in list(FIELD_OF_VIEW):
        msg = f"n_fibres={n_fibres!r} must be one of {', '.join(map(str, FIELD_OF_VIEW))}"
        raise ValueError(msg)
    return f"9999-{int(n_fibres)}01", int(n_fibres)


def _sky(n_fibres):
    """Offsets of the spaxels, arcsec, +x East as on a DAP map, and the mask of the hexagon."""
    size = MAP_SIZE[n_fibres]
    row, column = np.mgrid[:size, :size]
    x, y = (size / 2 - column) * SPAXEL, (row - size / 2) * SPAXEL
    slant = np.abs(y) / np.sqrt(3)
    return x, y, np.maximum(2 * slant, np.abs(x) + slant) <= FIELD_OF_VIEW[n_fibres] / 2


def _polar(x, y, pa, axis_ratio):
    """Radius and azimuth in the plane of the disc, the azimuth from the receding side."""
    angle = np.radians(pa)
    major = x * np.sin(angle) + y * np.cos(angle)
    minor = (x * np.cos(angle) - y * np.sin(angle)) / axis_ratio
    return np.hypot(major, minor), np.arctan2(minor, major)


def _obstruct(rng, x, y, hexagon, foreground, missing):
    """Mask of bad spaxels, and the velocity that foreground blobs add, km/s."""
    masked, blobs = ~hexagon, np.zeros(x.shape)
    reach = np.abs(x[hexagon]).max()

    def distance():
        """Distance of each spaxel from a random place in the outer half of the field."""
        radius, angle = reach * rng.uniform(0.5, 0.9), rng.uniform(0, 2 * np.pi)
        return np.hypot(x - radius * np.cos(angle), y - radius * np.sin(angle))

    for _ in range(foreground):
        away = distance()
        blobs[away < BLOB_RADIUS] = rng.choice([-1, 1]) * rng.uniform(*BLOB_VELOCITY)
        masked |= (away >= BLOB_RADIUS) & (away < RING_RADIUS)
    for _ in range(missing):
        masked |= distance() < rng.uniform(0.15, 0.3) * reach
    return masked, blobs


def _number(numbers, observed):
    """Bin numbers as a map, -1 where a spaxel is not observed."""
    bin_id = np.full(observed.shape, -1)
    bin_id[observed] = numbers
    return bin_id


def _bin_by_snr(snr, observed):
    """Split blocks whose quarters all reach the ratio; a fast substitute for Voronoi bins."""
    row, column = np.indices(observed.shape)

    def total(values, side):
        """Sum of ``values`` over the block of this side that each spaxel is in."""
        block = row // side * observed.shape[1] + column // side
        return np.bincount(block.ravel(), values.ravel())[block]

    size = np.full(observed.shape, LARGEST_BIN)
    signal = np.where(observed, snr**2, 0)
    for half in (LARGEST_BIN // 2, LARGEST_BIN // 4, LARGEST_BIN // 8):
        short = observed & (total(signal, half) < BIN_SNR**2)
        size[(size == 2 * half) & (total(short, 2 * half) == 0)] = half
    key = size * 1_000_000 + row // size * 1000 + column // size
    return _number(np.unique(key[observed], return_inverse=True)[1].ravel(), observed)


def _observe(rng, velocity, flux, snr, bin_id, tracer, correlated, outliers):
    """Velocities and inverse variances of the bins, as maps."""
    inside = bin_id >= 0
    ids = bin_id[inside]
    light = np.bincount(ids, flux[inside])
    model = np.bincount(ids, (velocity * flux)[inside]) / light
    scale, floor = VELOCITY_ERROR[tracer]
    error = np.maximum(scale / np.sqrt(np.bincount(ids, snr[inside] ** 2)), floor)
    if correlated:
        noise = np.bincount(ids, (_correlated_noise(rng, velocity.shape) * flux)[inside]) / light
    else:
        noise = rng.normal(size=light.size)
    noise *= error
    wild = rng.random(light.size) < outliers
    noise[wild] += rng.choice([-1, 1], wild.sum()) * rng.uniform(*OUTLIER_VELOCITY, wild.sum())
    observed = np.full(velocity.shape, np.nan)
    ivar = np.zeros(velocity.shape)
    observed[inside] = (model + noise)[ids]
    ivar[inside] = (error**-2)[ids]
    return observed, ivar


def _correlated_noise(rng, shape):
    """Unit noise with the covariance of MaNGA's spaxels, exp(-d^2 / (2 x 1.92^2)), d in spaxels."""
    from scipy.ndimage import gaussian_filter

    # White noise smoothed by a Gaussian of width s has a covariance of width s sqrt(2).
    noise = gaussian_filter(rng.normal(size=shape), CORRELATION_SPAXELS / np.sqrt(2), mode="wrap")
    return noise / noise.std()
