"""
Fit and judge the reliability of an angle: the probability that it is within 10 deg of the truth.

    python benchmarks/reliability.py --scores runs/default/scores.ecsv

Two kinds of truth are known for real fields: the other observation of the same galaxy, and the
photometric position angle of stellar discs with an axis ratio below 0.6. An axis that is wrong is
taken to be random, so it is within 10 deg of any other with a probability of 1/9. Two observations
agree if both are right, or by chance; the photometry is wrong in a fraction of the galaxies, which
is fitted as well. ``--scores`` gives the scores that ``benchmarks/usability.py`` makes by
cross-validation. Without it, the shipped network has seen the experts' flags of these fields, but
not the truth that is predicted here. All probabilities that are judged come from fits without the
galaxy, in ten parts by galaxy. A missing angle counts as wrong.
"""

import argparse
from itertools import combinations, groupby, pairwise
from operator import attrgetter
from pathlib import Path

import numpy as np
from astropy.table import Table
from published_angles import apart
from real_fields import number, published_catalogue, velocity_fields
from real_precision import MAX_AXIS_RATIO, QUALITY
from scipy.optimize import minimize
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from mangapa import fit_pa, usability
from mangapa.usability._network import sigmoid
from mangapa.usability._reliability import RANDOM, RELIABILITY_LOGIT, RELIABLE, terms

N_PARTS = 10
BINS = (0, 0.3, 0.5, 0.7, 0.85, 0.93, 0.97, 1)
#: Weak normal prior on the coefficients, for separable samples.
PRIOR = 10.0
#: First guess of the fraction of wrong photometric angles, as a logit.
WRONG_PHOTOMETRY = -3.0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scores", type=Path, help="scores.ecsv of a training run")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    catalogue = published_catalogue()
    table = measured(catalogue)
    if options.scores:
        use_scores(table, Table.read(options.scores))
    report(table, catalogue, options.seed)


def measured(catalogue):
    """Angle, error and score of each field that a comparison needs."""
    chosen = {row["plateifu"] for row in catalogue.values() if row[QUALITY["stellar"]]}
    rows = []
    with threadpool_limits(1):
        by_galaxy = groupby(tqdm(velocity_fields(), unit="field"), key=attrgetter("galaxy"))
        for name, group in by_galaxy:
            if name not in chosen:
                continue
            fields = list(group)
            for field, pa, judged in zip(fields, fit_pa(fields), usability(fields), strict=True):
                rows.append((name, field.tracer, pa.pa.value, pa.pa_err.value, judged.score))
    return Table(rows=rows, names=("galaxy", "tracer", "pa", "pa_err", "score"))


def use_scores(table, scores):
    """Replace the scores of the shipped network by those of networks that did not see the field."""
    by_field = {
        (row["galaxy"], row["tracer"]): row["score_together"] for row in scores.filled(np.nan)
    }
    for row in table:
        score = by_field.get((row["galaxy"], row["tracer"]), np.nan)
        row["score"] = score if np.isfinite(score) else row["score"]


def comparisons(table, catalogue):
    """Pairs of rows that are repeats, rows with a photometric angle, and whether each agrees."""
    by_galaxy = {}
    for i, row in enumerate(table):
        mangaid = catalogue[row["galaxy"]]["mangaid"]
        if mangaid and catalogue[row["galaxy"]][QUALITY[row["tracer"]]]:
            by_galaxy.setdefault((mangaid, row["tracer"]), []).append(i)
    pairs = np.array([pair for rows in by_galaxy.values() for pair in combinations(rows, 2)])
    cells = [catalogue[name] for name in table["galaxy"]]
    ratio = np.array([number(cell["nsa_elpetro_ba"]) for cell in cells])
    photometric = np.array([number(cell["nsa_elpetro_phi"]) for cell in cells])
    inclined = (ratio > 0) & (ratio < MAX_AXIS_RATIO) & (photometric >= 0)
    single = np.flatnonzero(inclined & (table["tracer"] == "stellar"))
    agrees = apart(table["pa"][pairs[:, 0]], table["pa"][pairs[:, 1]], 180) <= RELIABLE
    return pairs, single, agrees, apart(table["pa"][single], photometric[single], 180) <= RELIABLE


def log_likelihood(parameters, inputs, pairs, single, agrees, agrees_single):
    """Of the comparisons, for the coefficients and the logit of wrong photometry."""
    *coefficients, wrong = parameters
    right = sigmoid(inputs @ coefficients)
    total = 0.0
    for both, outcome in (
        (right[pairs].prod(axis=1), agrees),
        (right[single] * sigmoid(-wrong), agrees_single),
    ):
        probability = np.clip(both + (1 - both) * RANDOM, 1e-9, 1 - 1e-9)
        total += np.log(np.where(outcome, probability, 1 - probability)).sum()
    return total - 0.5 * np.sum(np.square(coefficients)) / PRIOR**2


def fit(inputs, *data):
    start = [*np.zeros(inputs.shape[1]), WRONG_PHOTOMETRY]
    start[0] = 1.0
    return minimize(lambda p: -log_likelihood(p, inputs, *data), start, method="BFGS").x


def report(table, catalogue, seed):
    pairs, single, agrees, agrees_single = comparisons(table, catalogue)
    inputs = np.stack(terms(table["score"], table["pa_err"]), axis=-1)
    known = np.isfinite(inputs).all(axis=1)
    inputs[~known] = 0
    usable_pairs = known[pairs].all(axis=1)
    usable_single = known[single]
    groups = np.array([catalogue[name]["mangaid"] or name for name in table["galaxy"]])
    names, place = np.unique(groups, return_inverse=True)
    part = (np.random.default_rng(seed).permutation(names.size) % N_PARTS)[place]

    def train(held=None):
        use_pairs, use_single = usable_pairs.copy(), usable_single.copy()
        if held is not None:
            use_pairs &= part[pairs[:, 0]] != held
            use_single &= part[single] != held
        data = (pairs[use_pairs], single[use_single], agrees[use_pairs], agrees_single[use_single])
        return fit(inputs, *data)

    all_data = train()
    print("coefficients:", np.round(all_data[:-1], 2), "shipped:", RELIABILITY_LOGIT)
    print(f"photometry wrong: {sigmoid(all_data[-1]):.3f}")
    right, wrong = np.zeros(len(table)), np.zeros(len(table))
    for k in range(N_PARTS):
        found = train(k)
        held = part == k
        right[held] = sigmoid(inputs[held] @ found[:-1])
        wrong[held] = sigmoid(found[-1])
    right[~known] = 0
    print_roc(table, catalogue, pairs, agrees, right)
    print_photometry(table, catalogue, single, agrees_single, right)
    print("calibration without the galaxy: predicted, observed, number")
    both = right[pairs].prod(axis=1)
    print_calibration("repeats agree", both + (1 - both) * RANDOM, agrees)
    both = right[single] * (1 - wrong[single])
    print_calibration("photometry agrees", both + (1 - both) * RANDOM, agrees_single)
    both = right[single]
    print_calibration("photometry, reliability", both + (1 - both) * RANDOM, agrees_single)


def classes_of(table, catalogue):
    return np.array(
        [number(catalogue[row["galaxy"]][QUALITY[row["tracer"]]]) for row in table], float
    )


def print_roc(table, catalogue, pairs, agrees, right):
    classes = classes_of(table, catalogue)
    worst = {
        "error": -np.nan_to_num(table["pa_err"], nan=np.inf)[pairs].max(axis=1).clip(max=1e3),
        "score": np.nan_to_num(table["score"])[pairs].min(axis=1),
        "expert": classes[pairs].min(axis=1),
        "reliability": right[pairs].min(axis=1),
    }
    print(f"{len(pairs)} repeat pairs, {np.sum(~agrees)} beyond 10 deg; ROC area:")
    print("  " + ", ".join(f"{name} {roc_auc_score(agrees, v):.3f}" for name, v in worst.items()))


def print_photometry(table, catalogue, single, agrees, right):
    classes = classes_of(table, catalogue)[single]
    known = np.isfinite(classes)
    single, agrees, clean = single[known], agrees[known], classes[known] == 2
    error = np.nan_to_num(table["pa_err"][single], nan=1e3)
    score = np.nan_to_num(table["score"][single])
    ranks = error.argsort().argsort() + (-score).argsort().argsort()
    print(f"photometry: share beyond 10 deg among the best {clean.sum()} of {single.size}:")
    shares = [f"expert {np.mean(~agrees[clean]):.3f}"]
    for name, order in (
        ("score", -score), ("error", error), ("both ranks", ranks), ("reliability", -right[single])
    ):  # fmt: skip
        best = np.argsort(order, kind="stable")[: clean.sum()]
        shares.append(f"{name} {np.mean(~agrees[best]):.3f}")
    print("  " + ", ".join(shares))


def print_calibration(name, probability, outcome):
    cells = []
    for low, high in pairwise(BINS):
        inside = (probability >= low) & (probability < high)
        if inside.any():
            cells.append(
                f"{probability[inside].mean():.2f} {outcome[inside].mean():.2f} {inside.sum()}"
            )
    print(f"  {name}: {' | '.join(cells)}")


if __name__ == "__main__":
    main()
