"""Drop what would mislead a fit: pieces cut off from the field and spuriously high velocities."""

from dataclasses import replace

import numpy as np

from mangapa.flags import Rejection

__all__ = ["clean"]

#: Smallest region that is kept, as a fraction of all good spaxels (Duckworth et al. 2020).
MIN_REGION = 0.1
#: Clipping threshold, in standard deviations: the default of astropy (ibid.).
SIGMA = 3.0
#: Rounds of clipping: the default of astropy (ibid.).
MAX_ITERATIONS = 5


def clean(field, *, sigma=SIGMA, min_region=MIN_REGION):
    """
    Remove disconnected regions and spuriously high velocities from a field.

    First go the regions of good spaxels, connected through their four neighbours, that hold less
    than ``min_region`` of all good spaxels; then the velocities that iterative sigma clipping about
    the median rejects (Duckworth et al. 2020, MNRAS 492, 1869, section 2).

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        The field to be cleaned.
    sigma : `float` or `None`, optional
        Clip beyond so many standard deviations; `None` clips nothing.
    min_region : `float`, optional
        Smallest region that is kept, as a fraction (0-1) of the good spaxels; 0 keeps all.

    Returns
    -------
    `~mangapa.VelocityField`
        A new field, whose ``mask`` has grown and whose ``rejection`` says why.

    Raises
    ------
    ValueError
        If a threshold makes no sense.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=37, outliers=0.01, seed=1)
    >>> mangapa.clean(galaxy.halpha)
    <VelocityField of 9999-3701, halpha: 44 x 44 spaxels, 799 good, 6 outlying_velocity>
    """
    from astropy.stats import sigma_clip

    if sigma is not None and not sigma > 0:
        msg = f"sigma={sigma!r} must be positive, or None for no clipping"
        raise ValueError(msg)
    if not 0 <= min_region <= 1:
        msg = f"min_region={min_region!r} must be a fraction between 0 and 1"
        raise ValueError(msg)
    rejection = field.rejection.copy()
    good = field.good
    small = good & ~_large_regions(good, min_region)
    rejection[small] |= Rejection.SMALL_REGION.value
    good &= ~small
    if sigma is not None and good.any():
        clipped = sigma_clip(field.velocity[good].value, sigma=sigma, maxiters=MAX_ITERATIONS)
        outlying = np.zeros_like(good)
        outlying[good] = np.ma.getmaskarray(clipped)
        rejection[outlying] |= Rejection.OUTLYING_VELOCITY.value
        good &= ~outlying
    return replace(field, mask=~good, rejection=rejection)


def _large_regions(good, min_region):
    """True on the connected regions of ``good`` that are large enough to be kept."""
    from scipy.ndimage import label

    labels, _ = label(good)
    sizes = np.bincount(labels[good], minlength=1)
    return good & (sizes >= min_region * good.sum())[labels]
