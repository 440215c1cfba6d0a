"""Claims about what changes with radius in the fields of an independent simulator."""

import numpy as np
from claims import pull
from claims_simulated import PLAIN, WARPS

from mangapa import clean, features, pa_profile

CORES = ("kdc", "kdc-hs", "kdc-mid", "kdc-nopsf")
BARS = ("bar", "bar-hs", "oval", "nirvana-bisym")
#: A core turned by more than this counter-rotates, degrees.
COUNTER_ROTATING = 150.0
#: Radii of the cores, arcsec, and the shares that should be found.
RADII = ((2, 3, 0.8), (3, 20, 0.95))


def found_in(field):
    """Return the `FieldFeatures` of a field once it is cleaned."""
    return getattr(features(clean(field)), field.tracer)


def profile_of(field):
    """Return radius, angle and error of the rings of a field, as an array."""
    profile = pa_profile(clean(field))
    known = np.isfinite(profile["pa"])
    columns = (profile[name].value[known] for name in ("radius", "pa", "pa_err"))
    return np.array(list(columns))


def claim_cores(claims):
    """Decoupled cores, seen through the beam."""
    fields = [one for one, _ in claims.families(*CORES)]
    found = claims.map(found_in, [one.field for one in fields])
    radius = np.array([one.params["kdc"]["r"] for one in fields])
    turn = np.array([abs((one.params["kdc"]["turn"] + 180) % 360 - 180) for one in fields])
    seen = np.array(["kdc" in one.found for one in found])
    off = np.array([one.kdc_turn.value for one in found]) - turn
    error = np.array([one.kdc_turn_err.value for one in found])
    for low, high, goal in RADII:
        these = (low <= radius) & (radius < high)
        name = f'cores of {low} to {high}"' if high < RADII[-1][1] else f'cores above {low}"'
        n, share = int(these.sum()), np.mean(seen[these])
        claims.add(f"{name}: found", share, goal, n=n, percent=True)
        ratio = pull(off[these & seen], error[these & seen])
        claims.add(f"{name}: pull of the turn", ratio, high=1.5, n=int((these & seen).sum()))
    turned = (turn > COUNTER_ROTATING) & (radius >= RADII[0][0])
    called = ["counter_rotating_core" in one.found for one in found]
    share = np.mean(np.array(called)[turned])
    claims.add("counter-rotating cores: called so", share, 0.75, n=int(turned.sum()), percent=True)
    for name, families, most in (("plain discs", PLAIN, 0.01), ("barred discs", BARS, 0.02)):
        pairs = claims.families(*families)
        found = claims.map(found_in, [one.field for one, _ in pairs])
        share = np.mean(["kdc" in one.found for one in found])
        claims.add(f"{name}: a core is found", share, high=most, n=len(pairs), percent=True)


def claim_warps(claims):
    """Tilted rings: what is found, and the angle against radius."""
    for name, families, goal in (
        ("warps of 15 to 45 deg, high S/N", WARPS[1:], 0.9),
        ("warps of 15 to 45 deg", WARPS[:1], 0.4),
    ):
        fields = [one for one, _ in claims.families(*families)]
        found = claims.map(found_in, [one.field for one in fields])
        share = np.mean(["warp" in one.found for one in found])
        claims.add(f"{name}: found", share, goal, n=len(fields), percent=True)
    fields = [one for one, _ in claims.families(*WARPS[1:])]
    off, error = [], []
    for one, (radius, pa, pa_err) in zip(
        fields, claims.map(profile_of, [one.field for one in fields]), strict=True
    ):
        warp = one.params["warp"]
        share = np.clip((radius - warp["r0"]) / (warp["r1"] - warp["r0"]), 0, 1.3)
        off.append((pa - one.pa - warp["dpa"] * share + 90) % 180 - 90)
        error.append(pa_err)
    off, error = np.abs(np.concatenate(off)), np.concatenate(error)
    n = len(off)
    claims.add("rings of warps, high S/N: median error, deg", np.median(off), high=1.2, n=n)
    claims.add("rings of warps, high S/N: pull", pull(off, error), high=1.2, n=n)
