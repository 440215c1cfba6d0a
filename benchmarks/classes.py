"""
Kinematic classes: calibrated on simulated galaxies, and compared with published ones.

    python benchmarks/classes.py                          # every number in the documentation
    python benchmarks/classes.py --only simulated --n 60  # a quick part
    python benchmarks/classes.py --rows rows.pkl          # keep or reuse what is simulated

All simulated galaxies together give the logistic coefficients that the package holds. Recall, false
alarms and reliability are those of each half with the coefficients of the other. Each class is
weighted to be as common as in Table D1 of Krajnovic et al. (2011).
"""

import argparse
import os
import pickle
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from class_samples import MAXIMA, ONE_MAXIMUM, measured, measured_on_shared, sample
from published_classes import print_flags, print_galaxies, print_table
from simulated_fields import simulated_fields
from tqdm import tqdm

from mangapa.kinematics import _class_evidence as evidence

#: Shares of 260 early-type galaxies (Krajnovic et al. 2011, Table D1).
SHARES = {"core": 19 / 260, "peaks": 11 / 260, "maxima": 36 / 260, "discs": 11 / 260}
#: Mass of the second disc over that of both.
FRACTIONS = (0.1, 0.3, 0.7, 0.9)
#: Its scale length over that of the main disc.
SCALES = (0.33, 0.6, 1.6, 3.01)
#: Turns of cores, degrees: those beyond the second rotate the other way, those between may.
UNSURE, SENSE = 120, 150
#: Smaller cores are lost in the beam, arcsec.
LEAST_RADIUS = 1.5
INCLINATIONS = (30, 45, 60, 80)
FALSE_ALARMS, RECALL = 0.01, 0.95
#: Penalty on the logistic slopes.
PENALTY = 0.01
EDGES = (0, 0.02, 0.1, 0.3, 0.7, 0.9, 0.98, 1.0001)


def main():
    parts = {
        "simulated": print_simulated,
        "cores": print_cores,
        "table": print_table,
        "galaxies": print_galaxies,
        "flags": print_flags,
    }
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--n", type=int, default=300, help="galaxies with two discs")
    parser.add_argument("--rows", type=Path, help="file that keeps what is simulated")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:

        def run(function, jobs):
            return list(tqdm(pool.map(function, jobs, chunksize=4), total=len(jobs), leave=False))

        for part in options.only:
            parts[part](options, run)


def print_simulated(options, run):
    """Two peaks, counter-rotating discs, double maxima and k5/k1 of simulated galaxies."""
    rows = _kept(options.rows, lambda: run(measured, sample(options.n)))
    table = {name: np.array([row.get(name, np.nan) for row in rows]) for name in _names(rows)}
    found = [row["evidence"] for row in rows]
    peaks = [one["peaks"] if one else None for one in found]
    judged = np.array([one is not None for one in peaks])
    print(f"\n{len(rows)} simulated galaxies; {judged.sum()} have peaks to be judged")
    two_discs, turn = table["family"] == "two discs", _off(table["offset"])
    cores = (table["family"] == "core") & (turn > SENSE)
    sure = judged & ~((table["family"] == "core") & (turn > UNSURE) & (turn <= SENSE))
    even, has_peaks = table["number"] % 2 == 0, table["has_peaks"] == 1

    design = _design([evidence.of_peaks(one) if one else None for one in peaks], 2)
    weights = _weights(table["family"], has_peaks, judged, SHARES["peaks"])
    of_peaks = _fit("PEAKS_LOGIT", design, has_peaks, judged, weights, even)
    weights = _weights(table["family"], two_discs, sure & ~cores, SHARES["discs"])
    by_peaks = _fit("DISCS_LOGIT", design, two_discs, sure & ~cores, weights, even)
    turned = np.array([_turned_core(one) if one else np.nan for one in found])
    of_discs = 1 - (1 - by_peaks) * (1 - turned)
    k1 = [one["k1"] if one and one["k1"][0].size else None for one in found]
    dips = np.array([evidence.dip_significance(*one) if one else np.nan for one in k1])
    has_k1 = np.isfinite(dips) & np.isin(table["family"], (*ONE_MAXIMUM, MAXIMA))
    has_dip = table["has_dip"] == 1
    weights = _weights(table["family"], has_dip, has_k1, SHARES["maxima"])
    dip_design = _design(np.arcsinh(dips)[:, None], 1)
    of_maxima = _fit("MAXIMA_LOGIT", dip_design, has_dip, has_k1, weights, even)

    _recall("two peaks", of_peaks, has_peaks, judged, table)
    _recall("counter-rotating discs", of_discs, two_discs | cores, sure, table)
    for name, score, truth, among, share in (
        ("two peaks", of_peaks, has_peaks, judged, SHARES["peaks"]),
        ("counter-rotating discs", of_discs, two_discs | cores, sure, SHARES["discs"]),
        ("double maximum", of_maxima, has_dip, has_k1, SHARES["maxima"]),
    ):
        _reliability(name, score, truth, among, _weights(table["family"], truth, among, share))


def _turned_core(found):
    """Probability of a counter-rotating core."""
    core = evidence.decoupled_core(found["features"])
    return core * evidence.counter_rotating(found["features"])


def print_cores(options, run):
    """Cores and twists in the fields of another simulator, with known truth."""
    rows = run(measured_on_shared, list(simulated_fields()))
    rows = [row for row in rows if row is not None]
    turned = np.array([row["turn"] > 30 and row["radius"] > LEAST_RADIUS for row in rows])
    plain = np.array([row["radius"] == 0 for row in rows])
    even = np.arange(len(rows)) % 2 == 0
    features, family = [row["features"] for row in rows], np.full(len(rows), "any")
    design = _design([[evidence.of_core(one)] for one in features], 1)
    among = turned | plain
    weights = _weights(family, turned, among, SHARES["core"])
    core = _fit("CORE_LOGIT", design, turned, among, weights, even)
    _reliability("decoupled core", core, turned, among, weights)
    twist = np.array([row["twist"] > evidence.TWIST for row in rows])
    excess = np.array([[evidence.twist_excess(one)] for one in features])
    weights = np.ones(len(rows))
    score = _fit("TWIST_LOGIT", _design(excess, 1), twist, plain, weights, even)
    _reliability("kinematic twist", score, twist, plain, weights)


def _kept(path, make):
    if path is not None and path.exists():
        return pickle.loads(path.read_bytes())
    rows = make()
    if path is not None:
        path.write_bytes(pickle.dumps(rows))
    return rows


def _names(rows):
    return sorted({name for row in rows for name in row} - {"evidence"})


def _off(offset):
    """How far a turn is from none, 0-180 degrees."""
    return np.abs((offset + 180) % 360 - 180)


def _design(rows, n):
    """Design of a logistic regression; NaN where there is nothing."""
    empty = np.full(n, np.nan)
    return np.array([[1.0, *(empty if row is None else row)] for row in rows])


def _weights(family, truth, among, share):
    """Weights by which the true ones have this share; other families count alike, but for cores."""
    weights = np.zeros(truth.size)
    others = [name for name in np.unique(family[among & ~truth]) if name != "core"]
    for name in ("core", *others):
        these = among & ~truth & (family == name)
        of_family = SHARES["core"] if name == "core" else (1 - SHARES["core"]) / len(others)
        weights[these] = of_family / max(np.count_nonzero(these), 1)
    weights[among & ~truth] *= (1 - share) / weights[among & ~truth].sum()
    weights[among & truth] = share / np.count_nonzero(among & truth)
    return weights * np.count_nonzero(among)


def _fit(name, design, truth, among, weights, even):
    """
    Fit logistic coefficients, and print them beside those of the package.

    Returns the probability of each galaxy with the coefficients of the other half.
    """
    from scipy.optimize import minimize

    among = among & np.isfinite(design).all(axis=1)

    def fitted(these):
        terms, weight, true = design[these], weights[these], truth[these]

        def loss(coefficients):
            logit = terms @ coefficients
            penalty = PENALTY * np.sum(coefficients[1:] ** 2)
            return weight @ (np.logaddexp(0, logit) - true * logit) + penalty

        return minimize(loss, np.zeros(design.shape[1])).x

    all_, first, second = (np.round(fitted(among & one), 2) for one in (True, even, ~even))
    held = np.round(getattr(evidence, name), 2).tolist()
    print(
        f"{name:14} {all_.tolist()}, halves {first.tolist()} and {second.tolist()}, in the "
        f"package {held}; {truth[among].sum()} true"
    )
    logit = np.sum(design * np.where(even[:, None], second, first), axis=1)
    return 1 / (1 + np.exp(-logit))


def _recall(name, score, truth, among, table):
    """Recall at the allowed false alarms, by the mass ratio, the inclination and the defect."""
    ordinary = among & ~truth & (table["family"] != "two discs")
    weights = _weights(table["family"], truth, ordinary | truth, 0.5)[ordinary]
    order = np.argsort(score[ordinary])
    rank = np.searchsorted(np.cumsum(weights[order]), (1 - FALSE_ALARMS) * weights.sum())
    limit = score[ordinary][order][rank]
    print(
        f"\n{name}: 1 % of {ordinary.sum()} galaxies without are above {limit:.3f}, and "
        f"{np.average(score[ordinary] > 0.5, weights=weights):.2%} above 0.5"
    )
    for family in np.unique(table["family"][ordinary]):
        one = ordinary & (table["family"] == family)
        print(f"  false alarms, {family:12} {np.mean(score[one] > limit):6.1%} of {one.sum()}")
    fraction, inclination = table["mass_fraction"], table["inclination"]
    discs = among & (table["family"] == "two discs")
    for kind, these in (("all", discs), ("that show two peaks", discs & (table["has_peaks"] == 1))):
        for low, high in pairwise(FRACTIONS):
            part = these & (fraction >= low) & (fraction < high)
            line = [
                _share(score, limit, part & (inclination >= start) & (inclination < end))
                for start, end in pairwise(INCLINATIONS)
            ]
            print(
                f"  recall, mass ratio {low}-{high}, {kind}: {_share(score, limit, part)}; by "
                f"inclination {', '.join(line)}; above 0.5: {_share(score, 0.5, part)}"
            )
    middle = discs & (fraction >= FRACTIONS[1]) & (fraction < FRACTIONS[2])
    for low, high in pairwise(SCALES):
        one = middle & (table["scale"] >= low) & (table["scale"] < high)
        print(f"  recall, ratio 0.3-0.7, scale {low}-{high}: {_share(score, limit, one)}")
    for defect in np.unique(table["defect"][middle]):
        one = middle & (table["defect"] == defect)
        print(
            f"  recall, ratio {FRACTIONS[1]}-{FRACTIONS[2]}, {defect}: {_share(score, limit, one)}"
        )
    recall = np.mean(score[middle] > limit)
    print(f"  target {RECALL:.0%}: {'met' if recall >= RECALL else 'missed'}")


def _share(score, limit, these):
    return f"{np.mean(score[these] > limit):.1%} of {these.sum()}" if these.any() else "none"


def _reliability(name, score, truth, among, weights):
    """Print predicted and true shares, with every class as common as assumed."""
    among = among & np.isfinite(score)
    score, truth, weights = score[among], truth[among], weights[among]
    print(f"\n{name}: probability given, true share (number)")
    for low, high in pairwise(EDGES):
        part = (score >= low) & (score < high)
        if part.any():
            given, true = (np.average(one[part], weights=weights[part]) for one in (score, truth))
            print(f"  {low:4.2f}-{high:4.2f}: {given:.3f} {true:.3f} ({part.sum()})")


if __name__ == "__main__":
    main()
