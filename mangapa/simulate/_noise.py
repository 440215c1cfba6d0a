"""Bins, noise and outliers: what a simulated measurement adds to a velocity field."""

from dataclasses import dataclass

import numpy as np

#: Signal-to-noise ratio to which the DAP bins spaxels in its VOR10 and HYB10 analyses.
BIN_SNR = 10
#: Velocity error at a signal-to-noise ratio of one and its floor, km/s, as in typical MAPS files.
VELOCITY_ERROR = {"stellar": (120.0, 2.0), "halpha": (60.0, 1.0)}
#: Width of the lines, that of the instrument or the template included, at which these errors hold,
#: km/s; in MAPS files they grow with its power of 0.5 to 1.2.
TYPICAL_WIDTH = {"stellar": 90.0, "halpha": 75.0}
#: Error of the width of the lines over that of the velocity. In white noise it is 1 (Landman et
#: al. 1982, ApJ 261, 732); that of EMLINE_GSIGMA in MAPS files is 1.17 in the median.
WIDTH_ERROR = 1.17
#: Dispersion of the instrument that the stated one includes, and of the lines in the template that
#: it is beyond, km/s. For the gas they are EMLINE_INSTSIGMA in MAPS files and 0; for the stars
#: STELLAR_SIGMACORR, and what the errors of STELLAR_SIGMA imply, which grow by
#: (1 + (47 / sigma)^2)^(1/2) where sigma is small.
LINE_WIDTH = {"stellar": (30.0, 47.0), "halpha": (70.0, 0.0)}
#: Correlation length of the noise of MaNGA's spaxels (Westfall et al. 2019, AJ 158, 231); kept
#: apart from that of the fits, which simulations test.
CORRELATION_SPAXELS = 1.92
#: Growth of the noise of N spaxels that share fibres, 1 + 1.62 log10(N) (same paper).
SHARED_NOISE = 1.62
#: Range of velocities that outliers add, km/s: clearly faster than the rotation.
OUTLIER_VELOCITY = (500, 1000)
#: Largest bin, spaxels on a side; its half, quarter and eighth are the other sizes.
LARGEST_BIN = 8


def spaxels_as_bins(observed):
    """Bin numbers as a map, one for each observed spaxel."""
    return _number(np.arange(observed.sum()), observed)


def bins_by_snr(snr, observed, *, shared):
    """
    Split blocks whose quarters all reach the ratio; a fast substitute for Voronoi bins.

    ``shared`` says whether neighbours share their noise, which the DAP takes into account.
    """
    row, column = np.indices(observed.shape)

    def total(values, side):
        """Sum of ``values`` over the block of this side that each spaxel is in."""
        block = row // side * observed.shape[1] + column // side
        return np.bincount(block.ravel(), values.ravel())[block]

    size = np.full(observed.shape, LARGEST_BIN)
    signal = np.where(observed, snr**2, 0)
    for half in (LARGEST_BIN // 2, LARGEST_BIN // 4, LARGEST_BIN // 8):
        needed = BIN_SNR * (1 + SHARED_NOISE * np.log10(half**2) * shared)
        short = observed & (total(signal, half) < needed**2)
        size[(size == 2 * half) & (total(short, 2 * half) == 0)] = half
    key = size * 1_000_000 + row // size * 1000 + column // size
    return _number(np.unique(key[observed], return_inverse=True)[1].ravel(), observed)


def _number(numbers, observed):
    """Bin numbers as a map, -1 where a spaxel is not observed."""
    bin_id = np.full(observed.shape, -1)
    bin_id[observed] = numbers
    return bin_id


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Maps of what is measured: NaN, and 0 for an inverse variance, where there is no value."""

    velocity: np.ndarray  # km/s
    ivar: np.ndarray
    dispersion: np.ndarray  # km/s
    dispersion_ivar: np.ndarray
    flux: np.ndarray  # that of the central spaxel is 1


def measure(rngs, seen, shift, snr, bin_id, tracer, correlated, outliers):
    """
    Measure velocities, dispersions and fluxes of the bins.

    ``snr`` is the signal-to-noise ratio of the central spaxel, and ``shift`` is added to the
    velocities of the spaxels. The noise of velocities comes from the first of ``rngs``, and all
    other noise from the second.
    """
    rng, other_rng = rngs
    inside = bin_id >= 0
    ids, flux = bin_id[inside], seen.flux[inside]
    light = np.bincount(ids, flux)
    images = np.stack([np.bincount(ids, image[inside]) for image in seen.images])
    model, width = seen.losvd.kinematics(images)
    model = model + np.bincount(ids, shift[inside] * flux) / light
    draw, bin_snr = _noise_of_bins(seen, snr, ids, inside, correlated)
    scale, floor = VELOCITY_ERROR[tracer]
    broad = width / TYPICAL_WIDTH[tracer] if seen.losvd.broad_lines_are_worse else 1.0
    error = np.maximum(scale * broad / bin_snr, floor)
    noise = draw(rng) * error
    wild = rng.random(light.size) < outliers
    noise[wild] += rng.choice([-1, 1], wild.sum()) * rng.uniform(*OUTLIER_VELOCITY, wild.sum())

    # The noise is that of the width of the lines. The dispersion is what this width has beyond that
    # of the template, so small ones are the least certain.
    width_error = WIDTH_ERROR * error
    width = width + draw(other_rng) * width_error
    square = width**2 - LINE_WIDTH[tracer][1] ** 2
    is_found = (width > 0) & (square > 0)
    dispersion = np.sqrt(np.where(is_found, square, np.nan))
    dispersion_error = width_error * width / dispersion

    if tracer == "stellar":
        # The DAP states the light of each spaxel, whatever the bins.
        every = np.full(bin_id.shape, np.nan)
        draw, spaxel_snr = _noise_of_bins(seen, snr, np.arange(ids.size), inside, correlated)
        every[inside] = flux * (1 + draw(other_rng) / spaxel_snr)
    else:
        mean = light / np.bincount(ids)
        every = _map(bin_id, mean * (1 + draw(other_rng) / bin_snr))
    return Measured(
        velocity=_map(bin_id, model + noise),
        ivar=_map(bin_id, error**-2, 0.0),
        dispersion=_map(bin_id, dispersion),
        dispersion_ivar=_map(bin_id, np.where(is_found, dispersion_error, np.inf) ** -2, 0.0),
        flux=every,
    )


def _map(bin_id, values, missing=np.nan):
    inside = bin_id >= 0
    filled = np.full(bin_id.shape, missing)
    filled[inside] = values[bin_id[inside]]
    return filled


def _noise_of_bins(seen, snr, ids, inside, correlated):
    """Return a function that draws noise of unit variance, and signal-to-noise ratios of bins."""
    flux = seen.flux[inside]
    light = np.bincount(ids, flux)
    if seen.fibres is not None:
        weights = _sum_by_bin(ids, seen.fibres.weights[inside.ravel()])
        return (lambda rng: seen.fibres.noise(rng, weights)), snr * seen.fibres.snr(weights)

    def draw(rng):
        if not correlated:
            return rng.normal(size=light.size)
        return np.bincount(ids, _correlated_noise(rng, inside.shape)[inside] * flux) / light

    return draw, snr * np.sqrt(light)


def _sum_by_bin(ids, weights):
    from scipy.sparse import csr_array

    members = csr_array((np.ones(ids.size), (ids, np.arange(ids.size))))
    return members @ weights


def _correlated_noise(rng, shape):
    """Unit noise with the covariance of MaNGA's spaxels, exp(-d^2 / (2 x 1.92^2)), d in spaxels."""
    from scipy.ndimage import gaussian_filter

    # White noise smoothed by a Gaussian of width s has a covariance of width s sqrt(2).
    noise = gaussian_filter(rng.normal(size=shape), CORRELATION_SPAXELS / np.sqrt(2), mode="wrap")
    return noise / noise.std()
