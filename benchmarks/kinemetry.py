"""
Kinemetry on simulated fields, whose truth is known, and on galaxies with published values.

    python benchmarks/kinemetry.py
    python benchmarks/kinemetry.py --only plain warp --odd

The truth of a ring is what `mangapa.kinemetry` finds on it in the noiseless field that the same
instrument sees (the axis ratio without its prior): the difference is the error of the noise. Pulls
are the 68th percentile of the difference over the error, 1 if the errors are right. k5 / k1 is a
length, which noise cannot make negative, so that its pull is below 1 where it is lost in the noise:
it is also given for the rings whose true k5 exceeds its error, and for the two components A5 and
B5, which have no such limit. What beam and thickness make of the intrinsic shape is given
separately.
"""

import argparse
import time
from contextlib import contextmanager

import numpy as np
from real_fields import SHARED_DATA
from simulated_fields import families, simulated_fields

import mangapa
from mangapa.fitting._prepared import prepare
from mangapa.profiles import _kinemetry_profile
from mangapa.profiles._kinemetry_table import KNOWN_TO

#: Spread of axis ratios that leaves them free.
NO_PRIOR = 10.0
#: Families by default: all of the other simulator but those that repeat a galaxy.
FAMILIES = (
    *("plain", "plain-hs", "warp", "warp-hs", "warp-hs-pa", "lowinc", "edge", "lowsn", "bar"),
    *("bar-hs", "oval", "lop", "rad", "kdc", "kdc-hs", "wedge", "side", "foot", "faintlim"),
)
#: Mean of k5 / k1 below which galaxies are regular rotators (Krajnovic et al. 2011).
REGULAR = 0.04
SURVEYS = SHARED_DATA / "surveys"
SAMI = "sami/41144_{}_stellar-velocity_{}_two-moment.fits"
#: Files, and the published mean of k5 / k1 with its error: table D1 of Krajnovic et al. 2011, and
#: MEAN_K51_RE of SAMI DR3, which has no error.
PUBLISHED = (
    ("atlas3d/NGC4570_4moments_ATLAS3d.fits", 0.011, 0.004),
    ("califa/NGC6278.V1200.rscube_INDOUSv2_SN20_stellar_kin.fits", 0.024, 0.010),
    ("atlas3d/NGC2974_SAURON_kinematics.dat", 0.007, 0.003),
    *((SAMI.format(letter, "default"), 0.0131, np.nan) for letter in "ABCD"),
    *((SAMI.format(letter, "adaptive"), 0.0131, np.nan) for letter in "ABCD"),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=families(), metavar="FAMILY")
    half = parser.add_mutually_exclusive_group()
    half.add_argument("--odd", action="store_true", help="every second galaxy of each family")
    half.add_argument("--even", action="store_true", help="the others")
    options = parser.parse_args()
    wanted = {True} if options.odd else {False} if options.even else {True, False}
    print_header()
    total, means = [], []
    for family in options.only or FAMILIES:
        fields = [one for one in simulated_fields(family) if (one.number % 2 == 1) in wanted]
        rings, of_fields = zip(*[of_rings(one) for one in fields], strict=True)
        rings = np.concatenate(rings, axis=1)
        total.append(rings)
        means += of_fields
        print_row(family, rings)
    total = np.concatenate(total, axis=1)
    print_row("all", total)
    print_row("no cores", total[:, total[ROWS.index("core")] == 0])
    print_means(np.array(means))
    if not options.only:
        print_published()
        print_speed()


#: Rows of what `of_rings` returns.
ROWS = (
    *("pa", "ratio", "k1", "k0", "cosine", "sine", "k51", "k51_above", "turn", "flat", "pa_err"),
    *("ratio_err", "core"),
)


def of_rings(one):
    """
    Differences from the truth on each ring of a simulated field, most of them over the error.

    Also returns the mean of k5 / k1, its error, and that of the noiseless field with these weights.
    """
    field = mangapa.clean(one.field)
    found = mangapa.kinemetry(field)
    if not len(found):
        return np.zeros((len(ROWS), 0)), np.full(3, np.nan)
    noiseless = mangapa.VelocityField.from_arrays(
        one.true_velocity, one.x, one.y, mask=~field.good, ivar=field.ivar, bin_id=one.bin_id
    )
    disc = {"pa_axis": found.pa_axis, "axis_ratio": found.axis_ratio}
    true = mangapa.kinemetry(noiseless, **disc)
    with no_prior():
        free = mangapa.kinemetry(noiseless, **disc)
    if not len(true) == len(free) == len(found):
        return np.zeros((len(ROWS), 0)), np.full(3, np.nan)
    known = np.isfinite(found["k51"]) & np.isfinite(true["k51"]) & np.isfinite(free["k51"])

    def off(name):
        return np.array(found[name] - true[name])[known]

    def error(name):
        return np.array(found[f"{name}_err"])[known]

    # The noiseless field is at rest.
    rest = np.nanmedian(one.velocity - one.true_velocity)
    # With all that is left of the noiseless field, which is misfit.
    fifth = [_fifth(profile)[known] for profile in (found, true)]
    k5_err = error("k5") / np.array(found["k1"])[known]
    length = np.hypot(*fifth[1].T)
    k51 = (np.array(found["k51"])[known] - length) / error("k51")
    rings = np.array(
        [
            ((off("pa") + 180) % 360 - 180) / error("pa"),
            np.array(found["axis_ratio"] - free["axis_ratio"])[known] / error("axis_ratio"),
            off("k1") / error("k1"),
            (off("k0") - rest) / error("k0"),
            *((fifth[0] - fifth[1]).T / k5_err),
            k51,
            np.where(length > k5_err, k51, np.nan),
            *intrinsic(one, free[known]),
            error("pa"),
            error("axis_ratio"),
            np.full(np.count_nonzero(known), "kdc" in one.params),
        ]
    )
    weight = np.array(found["flux_weight"])[known] / (1 + (k5_err / KNOWN_TO) ** 2)
    return rings, np.array([found.k51, found.k51_err, weight @ length / weight.sum()])


def _fifth(profile):
    """Cosine and sine of the fifth harmonic over k1, from the receding side, shape (n, 2)."""
    terms = profile.terms
    receding = np.sign(terms.harmonic[:, 0, :1])
    return receding * terms.harmonic[:, 2] / terms.k1[:, None]


@contextmanager
def no_prior():
    """Let the axis ratios of rings be what they are, whatever that of the disc is."""
    kept = _kinemetry_profile.RATIO_SPREAD
    _kinemetry_profile.RATIO_SPREAD = NO_PRIOR
    yield
    _kinemetry_profile.RATIO_SPREAD = kept


def intrinsic(one, true):
    """Angle and axis ratio of noiseless rings less those of the thin discs that were simulated."""
    radius, warp = np.array(true["radius"]), one.params.get("warp")
    share = 0.0
    if warp:
        share = np.clip((radius - warp["r0"]) / (warp["r1"] - warp["r0"]), 0, 1.3)
    turn = warp["dpa"] * share if warp else 0.0
    inclination = one.params["inc"] + (warp["dinc"] * share if warp else 0.0)
    kdc = one.params.get("kdc")
    if kdc:
        turn = np.where(radius < kdc["r"], kdc["turn"], 0.0)
    off = (np.array(true["pa"]) - one.pa - turn + 180) % 360 - 180
    return off, np.array(true["axis_ratio"]) - np.abs(np.cos(np.radians(inclination)))


def pull(values):
    """Return the 68th percentile of the size of the values that are known."""
    known = values[np.isfinite(values)]
    return np.percentile(np.abs(known), 68.27) if known.size else np.nan


def print_header():
    print("pulls against the noiseless field; medians of the errors; and noiseless less intrinsic")
    print(
        f"{'family':12} rings    PA     q    k1    k0    A5    B5  k5/k1, above its error (n)"
        "  error of PA, q  PA, q less intrinsic"
    )


def print_row(family, rings):
    rows = dict(zip(ROWS, rings, strict=True))
    pulls = " ".join(f"{pull(rows[name]):5.2f}" for name in ROWS[:7])
    n_above = np.count_nonzero(np.isfinite(rows["k51_above"]))
    print(
        f"{family:12} {rings.shape[1]:5} {pulls}  {pull(rows['k51_above']):5.2f} {n_above:5}"
        f"{' ':9}{np.median(rows['pa_err']):6.2f} {np.median(rows['ratio_err']):6.3f}"
        f"    {np.median(np.abs(rows['turn'])):6.2f} {np.median(rows['flat']):+6.3f}"
    )


def print_means(means):
    """Print how the mean of k5 / k1 of whole fields compares with that of the noiseless ones."""
    known = np.isfinite(means).all(axis=1)
    found, error, true = means[known].T
    print("\nmean of k5 / k1 of whole fields")
    for name, these in (
        ("below its error", true < error),
        ("1 to 2 errors", (true >= error) & (true < 2 * error)),
        ("above 2 errors", true >= 2 * error),
    ):
        off = (found - true)[these]
        print(
            f"{name:16} {these.sum():4} fields: pull {pull(off / error[these]):.2f}, "
            f"median difference {np.median(off):+.4f}, median error {np.median(error[these]):.4f}"
        )
    for limit in (error < np.inf, error < REGULAR / 2):
        regular = true[limit] < REGULAR
        right = np.mean(regular == (found[limit] < REGULAR))
        print(f"of {limit.sum()} fields {regular.sum()} are below {REGULAR}; {right:.1%} right")


def print_published():
    print(f"\n{'file':60} k51 here          with noise  published")
    for name, published, error in PUBLISHED:
        path = SURVEYS / name
        if not path.exists():
            continue
        field = mangapa.clean(mangapa.Galaxy.read(path).stellar)
        found = mangapa.kinemetry(field)
        print(
            f"{name:60} {found.k51:.3f} +- {found.k51_err:.3f}   {found.k51_observed:.3f}"
            f"       {published:.3f} +- {error:.3f}"
        )


def print_speed():
    """CPU of one field, without its preparation."""
    for path in sorted(SHARED_DATA.glob("manga-*-MAPS-*.fits.gz")):
        galaxy = mangapa.read_maps(path)
        for tracer in ("stellar", "halpha"):
            field = mangapa.clean(galaxy.tracer(tracer))
            best = min(cpu_of(field) for _ in range(10))
            print(f"{path.name[:24]} {tracer:8} {1e3 * best:.1f} ms")


def cpu_of(field):
    prepared = prepare(field)
    # The disc is that of `fit_pa`, which is measured before.
    _ = prepared.spaxels.disc
    start = time.process_time()
    _kinemetry_profile.kinemetry_prepared(prepared)
    return time.process_time() - start


if __name__ == "__main__":
    main()
