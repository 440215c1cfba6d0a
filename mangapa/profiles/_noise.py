"""The noise on rings: as strong as the residuals, and shared by neighbours as far as they show."""

import numpy as np

from mangapa.fitting._points import CORRELATION
from mangapa.profiles._ring_fit import PRIOR_DATA

__all__ = ["RingNoise", "kernels"]

#: Rounds in which the noise's scale on each ring and its shared part settle.
SCALE_ROUNDS = 3
#: Equations for the two parts of the noise are solved if their determinant over their squared trace
#: is above this: below, the rings do not tell the parts apart.
TOLD_APART = 1e-6
#: Least power that a fit is believed to leave, as a fraction of what it leaves of white noise.
LEAST_LEFT = 0.1
TINY = 1e-9


class RingNoise:
    """
    Covariance of bounded noise on each ring: s^2 ((1 - c) 1 + c K), K = exp(-d^2 / (2 x 1.92^2)).

    d is the distance of two data in spaxels (Westfall et al. 2019, AJ 158, 231). The share c, one
    for the field, and the scales s, one a ring, are such that the power of the bounded residuals
    and the products of neighbouring ones are what a fit leaves of such noise.

    Parameters
    ----------
    rings : `~mangapa.profiles._rings.Rings`
        The data.
    kernels : `list` of `~numpy.ndarray`
        K on each ring, from `kernels`; `None` where the data share no noise.
    fit : `~mangapa.profiles._ring_fit.RingFit`
        What is left of them.

    Attributes
    ----------
    shared : `float`
        The share c, 0-1.
    scale : `~numpy.ndarray`
        The scales s, km/s, shape (n,).
    """

    def __init__(self, rings, kernels, fit):
        self._slices, self._kernels = rings.slices(), kernels
        self.shared, self.scale = self._settled(rings, fit)

    def covariance(self, fit):
        """
        Covariance of a solution on each ring.

        Parameters
        ----------
        fit : `~mangapa.profiles._ring_fit.RingFit`
            The solution.

        Returns
        -------
        `~numpy.ndarray`
            (km/s)^2, shape (n, terms, terms).
        """
        cov = []
        scales = self.scale / fit.slope
        for part, kernel, scale in zip(self._slices, self._kernels, scales, strict=True):
            influence = fit.influence[:, part]
            one = (1 - self.shared) * influence @ influence.T
            if self.shared > 0:
                near = influence.astype(np.float32) @ kernel
                one = one + self.shared * near @ influence.T
            cov.append(scale**2 * one)
        return np.array(cov)

    def _settled(self, rings, fit):
        """Share and scales: two linear equations for the parts, then the power on each ring."""
        power = rings.sum(fit.residual**2)
        left, of_kernel, both, near_power = np.zeros((4, rings.count.size))
        for i, (part, kernel) in enumerate(zip(self._slices, self._kernels, strict=True)):
            # The fit has taken its part away: residuals are (1 - H) noise, H = terms^T influence.
            terms, influence, residual = (
                fit.terms[:, part],
                fit.influence[:, part],
                fit.residual[part],
            )
            left[i] = max(rings.count[i] - np.sum(terms * influence), 1.0)
            if kernel is not None:
                near = influence.astype(np.float32) @ kernel
                rest = kernel - terms.T.astype(np.float32) @ near
                of_kernel[i] = np.trace(rest)
                both[i] = np.einsum("ij,ji->", rest, rest)
                residual = fit.residual[part].astype(np.float32)
                near_power[i] = residual @ (kernel @ residual)
        shared, scale = 0.0, np.sqrt(power / left + TINY)
        system = np.array([[left.sum(), of_kernel.sum()], [of_kernel.sum(), both.sum()]])
        told_apart = np.linalg.det(system) > TOLD_APART * np.trace(system) ** 2
        for _ in range(SCALE_ROUNDS):
            if told_apart:
                found = [power @ scale**-2, near_power @ scale**-2]
                white, correlated = np.maximum(np.linalg.solve(system, found), 0)
                shared = correlated / (white + correlated + TINY)
            expected = np.maximum((1 - shared) * left + shared * of_kernel, LEAST_LEFT * left)
            prior = PRIOR_DATA * expected / rings.count
            overall = power.sum() / expected.sum()
            scale = np.sqrt((power + prior * overall) / (expected + prior) + TINY)
        return shared, scale


def kernels(rings):
    """
    How near the data of each ring are to each other: K of `RingNoise`.

    Parameters
    ----------
    rings : `~mangapa.profiles._rings.Rings`
        The data.

    Returns
    -------
    `list` of `~numpy.ndarray`
        Shape (data, data) for each ring; `None` where they are scattered and share no noise.
    """
    return [_kernel(rings.places, part) for part in rings.slices()]


def _kernel(places, part):
    if places is None:
        return None
    # Single precision halves the time, and is by far enough.
    column, row = places[:, part].astype(np.float32)
    far = (column[:, None] - column) ** 2 + (row[:, None] - row) ** 2
    return np.exp(far * np.float32(-0.5 / CORRELATION**2))
