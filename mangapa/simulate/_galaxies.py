"""A thin disc, seen through a hexagonal IFU, with the troubles of real velocity fields."""

import numpy as np
from astropy import units as u
from astropy.io import fits

from mangapa.archive.releases import PLATEIFU, release_named
from mangapa.fields import Galaxy, VelocityField

__all__ = ["FIELD_OF_VIEW", "simulate_galaxy"]

#: Long axis of the hexagon for each number of fibres, arcsec (Drory et al. 2015).
FIELD_OF_VIEW = {19: 12.5, 37: 17.5, 61: 22.5, 91: 27.5, 127: 32.5}
#: Side of the DAP's square maps for each number of fibres, spaxels.
MAP_SIZE = {19: 34, 37: 44, 61: 54, 91: 64, 127: 74}
SPAXEL = 0.5  # arcsec
#: The DAP bins to this signal-to-noise ratio per spaxel in its VOR10 and HYB10 analyses.
BIN_SNR = 10
BINTYPES = ("VOR10", "HYB10", "SPX")
#: Exponential discs: flux = exp(-1.678 R / R_e).
EXPONENTIAL = 1.678
#: The primary sample is observed out to 1.5 effective radii (Bundy et al. 2015).
COVERAGE = 1.5
#: Velocity error at a signal-to-noise ratio of one, and its floor, km/s, much as in real files.
VELOCITY_ERROR = {"stellar": (120.0, 2.0), "halpha": (60.0, 1.0)}
#: Correlation length of the noise of MaNGA's spaxels (Westfall et al. 2019, AJ 158, 231).
CORRELATION_SPAXELS = 1.92


def simulate_galaxy(
    *,
    plateifu=None,
    n_fibres=127,
    pa_stellar=60.0,
    pa_halpha=None,
    inclination=55.0,
    v_max=200.0,
    turnover=0.4,
    v_sys=0.0,
    snr=60.0,
    bintype="VOR10",
    correlated=False,
    outliers=0.0,
    foreground=0,
    missing=0,
    core_radius=0.0,
    core_offset=180.0,
    warp=0.0,
    seed=0,
):
    """
    Simulate the stellar and H-alpha velocity fields of a disc galaxy.

    Parameters
    ----------
    plateifu : `str`, optional
        Identifier; its IFU tells the number of fibres. Made up if not given.
    n_fibres : {19, 37, 61, 91, 127}, optional
        Size of the hexagonal IFU, where ``plateifu`` does not tell.
    pa_stellar, pa_halpha : `float` or `~astropy.units.Quantity`, optional
        True position angle of the receding side, deg; the gas follows the stars if not given.
    inclination : `float` or `~astropy.units.Quantity`, optional
        0 (face-on) to 90 deg.
    v_max : `float`, optional
        Flat part of the rotation curve v_max tanh(R / (turnover R_e)), km/s.
    turnover : `float`, optional
        Its turnover radius in effective radii.
    v_sys : `float`, optional
        Systemic velocity that the file's SCINPVEL misses, km/s.
    snr : `float`, optional
        Signal-to-noise ratio of the central spaxel; the noise grows outwards as the light falls.
    bintype : {"VOR10", "HYB10", "SPX"}, optional
        Both tracers binned (to a ratio of 10), the stars only, or neither.
    correlated : `bool`, optional
        Whether neighbouring spaxels share noise as MaNGA's do; bins do in any case.
    outliers : `float`, optional
        Fraction of the spaxels or bins with a spuriously high velocity.
    foreground : `int`, optional
        Number of foreground blobs of another velocity, each cut off by a masked ring.
    missing : `int`, optional
        Number of masked patches.
    core_radius, core_offset : `float`, optional
        Radius in arcsec within which the rotation is turned by an angle in degrees: a kinematically
        decoupled core, by default a counter-rotating one.
    warp : `float`, optional
        Turn of the position angle from the centre to the edge, degrees; the true one is that of the
        centre.
    seed : `int`, optional
        Of the random numbers; equal arguments give equal galaxies.

    Returns
    -------
    `~mangapa.Galaxy`
        With the truth in the cards TRUEPAST and TRUEPAHA of its header.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(pa_stellar=40, pa_halpha=220, n_fibres=61)
    >>> galaxy.halpha
    <VelocityField of 9999-6101, halpha: 54 x 54 spaxels, 1315 good>
    """
    plateifu, n_fibres = _identifier(plateifu, n_fibres)
    true_pa = {"stellar": _degrees(pa_stellar) % 360}
    true_pa["halpha"] = true_pa["stellar"] if pa_halpha is None else _degrees(pa_halpha) % 360
    inclination = _degrees(inclination)
    _check_ranges(inclination, snr, bintype, outliers)
    rng = np.random.default_rng(seed)

    x, y, hexagon = _sky(n_fibres)
    reff = FIELD_OF_VIEW[n_fibres] / 2 / COVERAGE
    # As thin as a disc of flattening 0.2 allows, so that an edge-on one still has an extent.
    axis_ratio = np.sqrt(np.cos(np.radians(inclination)) ** 2 * 0.96 + 0.04)
    radius, _ = _polar(x, y, true_pa["stellar"], axis_ratio)
    flux = np.exp(-EXPONENTIAL * radius / reff)
    spaxel_snr = snr * np.sqrt(flux)
    observed = hexagon & (spaxel_snr > 1)
    masked, intruder = _damage(rng, x, y, hexagon, foreground, missing)

    fields = {}
    for tracer, pa in true_pa.items():
        on_sky = np.hypot(x, y)
        turn = warp * on_sky / (FIELD_OF_VIEW[n_fibres] / 2) + core_offset * (on_sky < core_radius)
        radius, azimuth = _polar(x, y, pa + turn, axis_ratio)
        velocity = v_max * np.tanh(radius / (turnover * reff)) * np.sin(np.radians(inclination))
        velocity = velocity * np.cos(azimuth) + v_sys + intruder
        binned = bintype == "VOR10" or (bintype == "HYB10" and tracer == "stellar")
        bin_id = _bin(spaxel_snr, observed) if binned else _one_each(observed)
        velocity, ivar = _observe(
            rng, velocity, flux, spaxel_snr, bin_id, tracer, correlated, outliers
        )
        fields[tracer] = VelocityField.from_arrays(
            velocity,
            x,
            y,
            mask=masked,
            ivar=ivar,
            bin_id=bin_id,
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
    header["ECOOELL"] = (1 - axis_ratio, "Photometric ellipticity")
    header["DAPQUAL"] = 0
    header["DRP3QUAL"] = 0
    header["MOCK"] = (True, "A simulation, no observation")
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


def _identifier(plateifu, n_fibres):
    if plateifu is not None:
        if not PLATEIFU.fullmatch(plateifu):
            msg = f"plateifu={plateifu!r} must look like 8485-1901"
            raise ValueError(msg)
        return plateifu, int(plateifu.split("-")[1][:-2])
    if n_fibres not in FIELD_OF_VIEW:
        msg = f"n_fibres={n_fibres!r} must be one of {', '.join(map(str, FIELD_OF_VIEW))}"
        raise ValueError(msg)
    return f"9999-{n_fibres}01", n_fibres


def _check_ranges(inclination, snr, bintype, outliers):
    if not 0 <= inclination <= 90:
        msg = f"inclination={inclination} deg must be between 0 and 90"
        raise ValueError(msg)
    if not snr > 0:
        msg = f"snr={snr} must be positive"
        raise ValueError(msg)
    if bintype not in BINTYPES:
        msg = f"bintype={bintype!r} is not known; choose one of {', '.join(BINTYPES)}"
        raise ValueError(msg)
    if not 0 <= outliers <= 1:
        msg = f"outliers={outliers} must be a fraction between 0 and 1"
        raise ValueError(msg)


def _degrees(angle):
    return float(u.Quantity(angle, None if hasattr(angle, "unit") else u.deg).to_value(u.deg))


def _sky(n_fibres):
    """Offsets of the spaxels, +x East as on a DAP map, and which of them the hexagon covers."""
    size = MAP_SIZE[n_fibres]
    row, column = np.mgrid[:size, :size]
    x = (size / 2 - column) * SPAXEL
    y = (row - size / 2) * SPAXEL
    slant = np.abs(y) / np.sqrt(3)
    return x, y, np.maximum(2 * slant, np.abs(x) + slant) <= FIELD_OF_VIEW[n_fibres] / 2


def _polar(x, y, pa, axis_ratio):
    """Radius and azimuth in the plane of the disc, the latter from the receding side."""
    angle = np.radians(pa)
    major = x * np.sin(angle) + y * np.cos(angle)
    minor = (x * np.cos(angle) - y * np.sin(angle)) / axis_ratio
    return np.hypot(major, minor), np.arctan2(minor, major)


def _damage(rng, x, y, hexagon, foreground, missing):
    """Masked spaxels, and velocities that foreground blobs add."""
    masked, intruder = ~hexagon, np.zeros(x.shape)
    reach = np.abs(x[hexagon]).max()

    def distance():
        """From a random place in the outer half of the field."""
        radius, angle = reach * rng.uniform(0.5, 0.9), rng.uniform(0, 2 * np.pi)
        return np.hypot(x - radius * np.cos(angle), y - radius * np.sin(angle))

    for _ in range(foreground):
        away = distance()
        intruder[away < 1.5] = rng.choice([-1, 1]) * rng.uniform(300, 600)
        masked |= (away >= 1.5) & (away < 2.5)
    for _ in range(missing):
        masked |= distance() < rng.uniform(0.15, 0.3) * reach
    return masked, intruder


def _one_each(observed):
    bin_id = np.full(observed.shape, -1)
    bin_id[observed] = np.arange(observed.sum())
    return bin_id


def _bin(snr, observed):
    """
    Bins of a similar signal-to-noise ratio: a block is split while all its quarters reach it.

    A quick stand-in for the Voronoi bins of the DAP, with the same sizes and crowding.
    """
    row, column = np.indices(observed.shape)

    def total(values, side):
        """Sum of ``values`` over the block of this side that each spaxel is in."""
        block = row // side * observed.shape[1] + column // side
        return np.bincount(block.ravel(), values.ravel())[block]

    size = np.full(observed.shape, 8)
    signal = np.where(observed, snr**2, 0)
    for half in (4, 2, 1):
        short = observed & (total(signal, half) < BIN_SNR**2)
        size[(size == 2 * half) & (total(short, 2 * half) == 0)] = half
    key = size * 1_000_000 + row // size * 1000 + column // size
    bin_id = np.full(observed.shape, -1)
    bin_id[observed] = np.unique(key[observed], return_inverse=True)[1].ravel()
    return bin_id


def _observe(rng, velocity, flux, snr, bin_id, tracer, correlated, outliers):
    """Velocities and inverse variances of the bins, put back on their spaxels."""
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
    noise[wild] += rng.choice([-1, 1], wild.sum()) * rng.uniform(500, 1000, wild.sum())
    observed = np.full(velocity.shape, np.nan)
    ivar = np.zeros(velocity.shape)
    observed[inside] = (model + noise)[ids]
    ivar[inside] = (error**-2)[ids]
    return observed, ivar


def _correlated_noise(rng, shape):
    """
    Unit noise with the covariance of MaNGA's spaxels, exp(-d^2 / (2 x 1.92^2)), d in spaxels.

    White noise smoothed by a Gaussian of width s has a covariance of width s sqrt(2).
    """
    from scipy.ndimage import gaussian_filter

    noise = gaussian_filter(rng.normal(size=shape), CORRELATION_SPAXELS / np.sqrt(2), mode="wrap")
    return noise / noise.std()
