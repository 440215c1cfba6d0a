"""
Count the flags that an expert saves by judging the most uncertain fields first.

    python benchmarks/active_learning.py --figure docs/figures/active_learning.png

The experts' flags are replayed: a learner receives the flags of both fields of one galaxy after
another, in random order or in that of ``mangapa inspect --order uncertain``, and is trained anew
after every hundred. It is evaluated on the fields of other galaxies. Both orders have the same
learner, which takes the descriptors of the package's network and can be trained a thousand times.
"""

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np
from real_fields import SHARED_DATA
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from mangapa._utils.files import replacing
from mangapa.inspection._ordering import plan
from mangapa.usability._descriptors import compute_descriptors
from mangapa.usability._predict import pair_inputs, partners
from mangapa.usability.labels import read_labelled

#: Number of labels at the start (random in either order), between trainings and at the end.
START, STEP, STOP = 100, 100, 2400
#: Random labels whose accuracy the uncertain order should reach, and with how many labels.
RANDOM, GOAL = 2000, 1200
#: Fraction of the galaxies for the test.
TEST = 0.3
LEARNERS = {
    "logistic regression": lambda seed: LogisticRegression(C=0.1, max_iter=1000),
    "dense network of 32": lambda seed: MLPClassifier((32,), alpha=1, max_iter=100,
                                                      random_state=seed),
}  # fmt: skip
ORDERS = {"random": "#9a9a9a", "uncertain": "#0072B2"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().split("\n\n")[0])
    parser.add_argument("--figure", type=Path)
    parser.add_argument("--seeds", type=int, default=20, help="splits and starts")
    options = parser.parse_args()
    fields = read_inputs()
    print(f"{len(fields['classes'])} fields of {len(set(fields['galaxies']))} galaxies")
    grid, curves = np.arange(START, STOP + 1, STEP), {}
    for name, learner in LEARNERS.items():
        for order in ORDERS:
            curves[name, order] = np.array(
                [
                    np.interp(grid, *replay(fields, learner, order, seed))
                    for seed in tqdm(range(options.seeds), leave=False, disable=None)
                ]
            )
        print_curves(name, grid, *(curves[name, order] for order in ORDERS))
    if options.figure:
        draw(grid, curves, options.figure)


def read_inputs():
    """Inputs, classes, galaxies, groups and tracers of the flagged fields with both tracers."""
    cache = Path(tempfile.gettempdir()) / f"mangapa-active-learning-{os.getuid()}.npz"
    if not cache.is_file():
        labelled = read_labelled(SHARED_DATA, progress=True)
        prepared = [
            compute_descriptors(field)[0]
            for field in tqdm(labelled.fields, leave=False, disable=None)
        ]
        together = partners(labelled.fields, prepared)
        rows = [row for row, partner in enumerate(together) if partner is not None]
        with replacing(cache) as unfinished:
            np.savez(
                unfinished,
                inputs=[pair_inputs(prepared[row], prepared[together[row]]) for row in rows],
                classes=labelled.classes[rows],
                groups=labelled.groups[rows],
                galaxies=[labelled.fields[row].galaxy for row in rows],
                tracers=[labelled.fields[row].tracer for row in rows],
            )
    with np.load(cache) as parts:
        return dict(parts)


def replay(fields, learner, order, seed):
    """Numbers of labels, and the accuracy with each on the galaxies of the test."""
    inputs, usable = fields["inputs"], fields["classes"] > 0
    groups, where = np.unique(fields["groups"], return_inverse=True)
    place = np.random.default_rng(seed).permutation(groups.size)[where] / groups.size
    test = place < TEST
    rows = {}
    for row in np.flatnonzero(~test):
        rows.setdefault(fields["galaxies"][row], []).append(row)
    numbers, accuracy, known, scores = [], [], [], None
    while True:
        wanted = START if scores is None else STEP
        asked = order if scores is not None else "random"
        unknown = {
            name: dict.fromkeys(members, np.nan) if scores is None
            else {fields["tracers"][row]: scores[row] for row in members}
            for name, members in rows.items()
        }  # fmt: skip
        new = []
        for shown in plan(unknown, order=asked, seed=seed).showings:
            new += rows.pop(shown.galaxy)
            if len(new) >= wanted:
                break
        known += new
        model = make_pipeline(StandardScaler(), learner(seed)).fit(inputs[known], usable[known])
        numbers.append(len(known))
        accuracy.append(np.mean(model.predict(inputs[test]) == usable[test]))
        if len(known) >= STOP:
            return np.array(numbers), np.array(accuracy)
        scores = model.predict_proba(inputs)[:, 1]


def reached(grid, random, uncertain):
    """Number of labels from which the uncertain order is as good as RANDOM labels; NaN if never."""
    wanted = random.mean(axis=0)[grid == RANDOM][0]
    below = np.flatnonzero(uncertain.mean(axis=0)[grid <= RANDOM] < wanted)
    first = 0 if not below.size else below[-1] + 1
    return grid[first] if grid[first] <= RANDOM else np.nan


def print_curves(name, grid, random, uncertain):
    print(f"\n{name}: accuracy (standard deviation over {len(random)} splits)")
    for number in (100, 300, 500, 800, GOAL, RANDOM):
        at = grid == number
        print(
            f"{number:5d} labels: random {random[:, at].mean():.4f} ({random[:, at].std():.4f}), "
            f"uncertain {uncertain[:, at].mean():.4f} ({uncertain[:, at].std():.4f})"
        )
    rng = np.random.default_rng(0)
    again = [rng.integers(len(random), size=len(random)) for _ in range(2000)]
    spread = [reached(grid, random[chosen], uncertain[chosen]) for chosen in again]
    low, high = np.nanpercentile(spread, [16, 84])
    number = reached(grid, random, uncertain)
    print(
        f"as good as {RANDOM} random labels with {number:.0f} or more (16 to 84 % of bootstrapped "
        f"means: {low:.0f} to {high:.0f}; {np.mean(np.array(spread) <= GOAL):.0%} at most {GOAL})"
    )

    # Single splits are noisier: the test set is a third of the galaxies.
    first = [
        grid[uncertain[split] >= goal][0] if (uncertain[split] >= goal).any() else np.inf
        for split, goal in enumerate(random[:, grid == RANDOM])
    ]
    print("first as good in single splits, 16, 50, 84 %:", *np.percentile(first, [16, 50, 84]))
    itself = grid[random.mean(axis=0) >= random.mean(axis=0)[grid == RANDOM][0]][0]
    print(f"the random order itself is first as good with {itself}")


def draw(grid, curves, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    axes = figure.subplots(1, len(LEARNERS), sharey=True)
    for ax, name in zip(axes, LEARNERS, strict=True):
        for order, colour in ORDERS.items():
            curve = curves[name, order]
            mean, error = curve.mean(axis=0), curve.std(axis=0) / np.sqrt(len(curve))
            ax.plot(grid, mean, color=colour, label=f"{order} order")
            ax.fill_between(grid, mean - error, mean + error, color=colour, alpha=0.25, lw=0)
        random, uncertain = (curves[name, order] for order in ORDERS)
        wanted = random.mean(axis=0)[grid == RANDOM][0]
        number = reached(grid, random, uncertain)
        ax.plot([number, RANDOM], [wanted, wanted], "k:", lw=1)
        ax.plot([number, RANDOM], [wanted, wanted], "ko", ms=4)
        ax.annotate(
            f"{number:.0f} for {RANDOM:,}",
            (number, wanted),
            xytext=(10, -14),
            textcoords="offset points",
        )
        ax.set_title(name)
        ax.set_xlabel("fields judged by an expert")
        ax.grid(alpha=0.2)
    axes[0].set_ylabel("accuracy on other galaxies")
    axes[0].legend(frameon=False, loc="lower right")
    with replacing(path) as unfinished:
        figure.savefig(unfinished, dpi=120)
    print(path)


if __name__ == "__main__":
    main()
