"""Reject what would mislead a fit: disconnected regions and spuriously high velocities."""

from dataclasses import dataclass, replace

import numpy as np
from astropy import units as u

from mangapa._regions import large_regions
from mangapa._utils.options import none_or, option
from mangapa._utils.quantities import scalar
from mangapa.fields import VelocityField, check_field
from mangapa.flags import Rejection

__all__ = ["clean"]

#: Smallest region that is kept, as a fraction of all good spaxels (Duckworth et al. 2020).
MIN_REGION = 0.1
#: Clipping threshold in standard deviations: the default of astropy (Duckworth et al. 2020).
SIGMA = 3.0
#: Least share of the spaxels that hold a fill value; fewest different velocities of the others, so
#: that there is a field without it; and percentiles between which these count (chosen by hand).
FILL_SHARE, FEWEST_DISTINCT, TAILS = 0.1, 20, (1, 99)
#: Rounds of clipping: the default of astropy (Duckworth et al. 2020).
CLIPPING_ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class CleanSettings:
    """
    Options of `~mangapa.clean`, validated and plain.

    Raises
    ------
    ValueError
        If a value is out of its range.
    """

    sigma: float | None = option(
        SIGMA,
        "clipping threshold in standard deviations, or none",
        parse=none_or(float),
        metavar="N",
    )
    min_region: float = option(
        MIN_REGION,
        "smallest connected region that is kept, as a fraction of the good spaxels",
        parse=float,
        metavar="SHARE",
    )

    def __post_init__(self):
        if self.sigma is not None:
            object.__setattr__(self, "sigma", scalar("sigma", self.sigma, u.one, positive=True))
        min_region = scalar("min_region", self.min_region, u.one)
        if not 0 <= min_region <= 1:
            msg = f"min_region={self.min_region!r} must be a fraction between 0 and 1"
            raise ValueError(msg)
        object.__setattr__(self, "min_region", min_region)


def clean(
    field: VelocityField, *, sigma: float | None = SIGMA, min_region: float = MIN_REGION
) -> VelocityField:
    """
    Remove disconnected regions and spuriously high velocities from a field.

    First, a fill value is removed, such as -999: the lowest or highest velocity, if a tenth of the
    spaxels share it exactly, and it is further from the others than they are from each other. Then
    regions of good spaxels, connected through their four neighbours, are removed if they hold less
    than ``min_region`` of all good spaxels. The neighbours of a list of spaxels or fibres are those
    next to them on the sky, whatever their order; bin centres have none, and all are kept. Where
    more than a fifth of the spaxels are in such regions, as in maps of bin nodes or of scattered
    clouds, regions are connected across the gaps, the narrowest first, until fewer are. Then
    velocities are removed by iterative sigma clipping about the median (Duckworth et al. 2020,
    MNRAS 492, 1869, section 2).

    `~mangapa.fit_pa` sets the flag ``MUCH_REMOVED`` if all this removed more than a fifth of the
    spaxels.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        The field to clean.
    sigma : `float` or `None`, optional
        Clipping threshold in standard deviations; `None` clips nothing.
    min_region : `float`, optional
        Smallest region that is kept, as a fraction (0-1) of the good spaxels; 0 keeps all.

    Returns
    -------
    `~mangapa.VelocityField`
        A new field with a larger ``mask``; its ``rejection`` says why each spaxel was removed.

    Raises
    ------
    TypeError
        If ``field`` is not a field.
    ValueError
        If a threshold is out of its range.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=37, outliers=0.01, seed=1)
    >>> mangapa.clean(galaxy.halpha)
    <VelocityField of 9999-3701, halpha: 44 x 44 spaxels, 799 good, 6 outlying_velocity>
    """
    return clean_with(field, CleanSettings(sigma=sigma, min_region=min_region))


def clean_with(field, settings):
    """`clean` with its options as one value, `CleanSettings` or `~mangapa.MeasurementSettings`."""
    from astropy.stats import sigma_clip

    check_field("field", field)
    rejection = field.rejection.copy()
    good = field.good
    fill = _fill_values(field.velocity.value, good)
    rejection[fill] |= Rejection.OUTLYING_VELOCITY.value
    good &= ~fill
    small = good & ~large_regions(field.x.value, field.y.value, good, settings.min_region)
    rejection[small] |= Rejection.SMALL_REGION.value
    good &= ~small
    if settings.sigma is not None and good.any():
        velocity = field.velocity[good].value
        clipped = sigma_clip(velocity, sigma=settings.sigma, maxiters=CLIPPING_ROUNDS)
        outlying = np.zeros_like(good)
        outlying[good] = np.ma.getmaskarray(clipped)
        rejection[outlying] |= Rejection.OUTLYING_VELOCITY.value
        good &= ~outlying
    return replace(field, mask=~good, rejection=rejection)


def _fill_values(velocity, good):
    """True on good spaxels that hold a fill value instead of a velocity."""
    fill = np.zeros_like(good)
    if not good.any():
        return fill
    for end in (velocity[good].min(), velocity[good].max()):
        same = good & (velocity == end)
        if same.sum() < FILL_SHARE * good.sum():
            continue
        rest = np.unique(velocity[good & ~same])
        if rest.size < FEWEST_DISTINCT:
            continue
        low, high = np.percentile(rest, TAILS)
        if max(low - end, end - high) > high - low:
            fill |= same
    return fill
