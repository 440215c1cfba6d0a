"""Bins, noise and outliers: what a simulated measurement adds to a velocity field."""

import numpy as np

#: Signal-to-noise ratio to which the DAP bins spaxels in its VOR10 and HYB10 analyses.
BIN_SNR = 10
#: Velocity error at a signal-to-noise ratio of one and its floor, km/s, as in typical MAPS files.
VELOCITY_ERROR = {"stellar": (120.0, 2.0), "halpha": (60.0, 1.0)}
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


def measure(rng, seen, snr, bin_id, tracer, correlated, outliers):
    """
    Velocities and inverse variances of the bins, as maps.

    ``snr`` is the signal-to-noise ratio of the central spaxel.
    """
    inside = bin_id >= 0
    ids, flux = bin_id[inside], seen.flux[inside]
    light = np.bincount(ids, flux)
    model = np.bincount(ids, seen.velocity[inside] * flux) / light
    scale, floor = VELOCITY_ERROR[tracer]
    if seen.fibres is not None:
        weights = _sum_by_bin(ids, seen.fibres.weights[inside.ravel()])
        bin_snr = snr * seen.fibres.snr(weights)
        noise = seen.fibres.noise(rng, weights)
    else:
        bin_snr = snr * np.sqrt(light)
        if correlated:
            noise = np.bincount(ids, _correlated_noise(rng, bin_id.shape)[inside] * flux) / light
        else:
            noise = rng.normal(size=light.size)
    error = np.maximum(scale / bin_snr, floor)
    noise *= error
    wild = rng.random(light.size) < outliers
    noise[wild] += rng.choice([-1, 1], wild.sum()) * rng.uniform(*OUTLIER_VELOCITY, wild.sum())
    observed = np.full(bin_id.shape, np.nan)
    ivar = np.zeros(bin_id.shape)
    observed[inside] = (model + noise)[ids]
    ivar[inside] = (error**-2)[ids]
    return observed, ivar


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
