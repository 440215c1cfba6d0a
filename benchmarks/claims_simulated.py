"""Claims about the fields of an independent simulator, whose truth is known."""

from dataclasses import replace

import numpy as np
from astropy import units as u
from claims import axes_apart, fitted, mapped, pull
from simulated_fields import NOISE_ONLY

from mangapa import PAFlags

#: Discs as they are observed, without a feature.
PLAIN = ("plain", "plain-same", "plain-psf12", "plain-psf32", "plain-t10", "plain-t25")
#: Families of flows, and the largest pull that they should have with both errors.
FLOWS = {
    "bars": (("bar", "bar-hs"), 1.5),
    "ovals": (("oval",), 2.5),
    "bisymmetric flows": (("nirvana-bisym",), 2.5),
    "radial flows of 5 to 20 %": (("rad",), 2.5),
    "lopsided discs": (("lop",), 2.5),
}
WARPS = ("warp", "warp-hs", "warp-hs-pa")
BLENDS = ("blob", "blob-noout")
#: An angle is wrong if it is off by more than this, degrees.
WRONG = 15.0


def _errors(pairs, truth=None):
    truth = [one.pa for one, _ in pairs] if truth is None else truth
    found = [(r.pa.value, r.pa_err.value, r.pa_err_total.value) for _, r in pairs]
    pa, noise, total = np.array(found).T
    return np.abs(axes_apart(pa, truth)), noise, total


def _flagged(pairs, flag):
    return np.array([bool(result.flags & flag) for _, result in pairs])


def claim_noise(claims):
    """Discs without a feature."""
    pairs = claims.families(*NOISE_ONLY)
    off, noise, _ = _errors(pairs)
    claims.add("plain discs: median error, deg", np.median(off), high=2.0, n=len(off))
    claims.add("plain discs: pull, noise alone", pull(off, noise), 0.85, 1.15, n=len(off))
    small = np.array([one.params["nf"] <= 37 for one, _ in pairs])
    found = pull(off[small], noise[small])
    claims.add("19 and 37 fibres: pull, noise alone", found, high=1.1, n=int(small.sum()))


def claim_shapes(claims):
    """Flows that are not rotation, and warps."""
    for name, (families, limit) in FLOWS.items():
        pairs = claims.families(*families)
        off, _, total = _errors(pairs)
        n = len(off)
        claims.add(f"{name}: median error, deg", np.median(off), high=10, n=n, digits=1)
        claims.add(f"{name}: pull, both errors", pull(off, total), high=limit, n=n)
        flagged = np.mean(_flagged(pairs, PAFlags.NOT_A_DISC))
        claims.add(f"{name}: flagged", flagged, 0.8, n=n, percent=True)
    pairs = claims.families(*WARPS)
    off, _, total = _errors(pairs, [mean_angle(one) for one, _ in pairs])
    claims.add("warps, against the mean angle: pull", pull(off, total), high=1.2, n=len(off))
    flagged = np.mean(_flagged(pairs, PAFlags.NOT_A_DISC | PAFlags.METHODS_DISAGREE))
    claims.add("warps: flagged", flagged, 0.8, n=len(off), percent=True)
    pairs = claims.families(*PLAIN)
    for flag in (PAFlags.NOT_A_DISC, PAFlags.METHODS_DISAGREE):
        flagged = np.mean(_flagged(pairs, flag))
        claims.add(f"plain discs: {flag.name}", flagged, high=0.03, n=len(pairs), percent=True)


def mean_angle(one):
    """Return the position angle of a warp, averaged over the spaxels of its field."""
    good = one.field.good
    turn = one.params["warp"]["dpa"] * _outwards(one, one.x[good], one.y[good])
    return one.pa + np.mean(turn)


def _outwards(one, x, y):
    """Return u = (R - r0) / (r1 - r0), 0 to 1.3, of the ring on which each place lies."""
    warp, u = one.params["warp"], 0.0
    # The ring on which a place lies depends on the ring's own angle and inclination.
    for _ in range(30):
        pa = np.radians(one.pa + warp["dpa"] * u)
        inclination = np.radians(one.params["inc"] + warp["dinc"] * u)
        along = x * np.sin(pa) + y * np.cos(pa)
        across = (x * np.cos(pa) - y * np.sin(pa)) / np.cos(inclination)
        radius = np.hypot(along, across)
        u = np.clip((radius - warp["r0"]) / (warp["r1"] - warp["r0"]), 0, 1.3)
    return u


def claim_blends(claims):
    """A neighbour that adds its light."""
    pairs = claims.families(*BLENDS)
    off, _, _ = _errors(pairs)
    silent = (off > WRONG) & ~_flagged(pairs, ~PAFlags.NONE)
    found = np.mean(silent)
    claims.add(
        "blended neighbour: off by 15 deg in silence", found, high=0.05, n=len(off), percent=True
    )
    alone = claims.families(*PLAIN)
    flagged = np.mean(_flagged(alone, PAFlags.CONTAMINATED))
    claims.add("plain discs: CONTAMINATED", flagged, high=0.02, n=len(alone), percent=True)


def claim_centres(claims):
    """A centre that is wrong by a few arcsec, in a random direction."""
    alone = claims.families(*PLAIN)
    flagged = np.mean(_flagged(alone, PAFlags.OFF_CENTRE))
    claims.add("plain discs: OFF_CENTRE", flagged, high=0.03, n=len(alone), percent=True)
    about = claims.map(mapped(fitted, centre="fit"), [one.field for one, _ in alone])
    rng = np.random.default_rng(0)
    for distance in (1, 2, 3):
        fields = [_moved(one.field, distance, rng) for one, _ in alone]
        found = claims.map(mapped(fitted, centre="fit"), fields)
        turned = [
            abs(axes_apart(one.pa.value, other.pa.value)) > other.pa_err.value
            for one, other in zip(found, about, strict=True)
        ]
        name = f'centre wrong by {distance}"'
        share = np.mean(turned)
        claims.add(
            f"{name}, fitted: moved by over one error",
            share,
            high=0.05,
            n=len(turned),
            percent=True,
        )
        noticed = [bool(one.flags & PAFlags.OFF_CENTRE) for one in claims.map(fitted, fields)]
        if distance > 1:
            claims.add(
                f"{name}, given: noticed", np.mean(noticed), 0.5, n=len(noticed), percent=True
            )


def _moved(field, distance, rng):
    """Return the field with offsets that are counted from a wrong centre."""
    angle = rng.uniform(0, 2 * np.pi)
    east, north = distance * np.sin(angle) * u.arcsec, distance * np.cos(angle) * u.arcsec
    return replace(field, x=field.x + east, y=field.y + north)


def claim_lists(claims):
    """Bin centres given as a list instead of a map."""
    pairs = [pair for pair in claims.families(*NOISE_ONLY) if pair[0].params.get("binned")]
    found = claims.map(fitted, [one.bin_centres for one, _ in pairs])
    off, noise, _ = _errors([(one, f) for (one, _), f in zip(pairs, found, strict=True)])
    claims.add("bin centres as a list: pull", pull(off, noise), high=1.2, n=len(off))
    moved = [
        abs(axes_apart(f.pa.value, r.pa.value)) > r.pa_err.value
        for (_, r), f in zip(pairs, found, strict=True)
    ]
    claims.add(
        "the same: moved by over one error", np.mean(moved), high=0.1, n=len(off), percent=True
    )
