"""
Train the shipped models on the real fields, and print how good and how fast they are.

    python benchmarks/usability.py --out runs            # the numbers in the documentation
    python benchmarks/usability.py --out runs --quick    # only the speed of the shipped models
"""

import argparse
import subprocess
import sys
import time

import numpy as np
from astropy.table import Table, vstack
from real_fields import SHARED_DATA, velocity_fields

from mangapa.fitting._prepared import prepare
from mangapa.usability import load_model
from mangapa.usability._descriptors import compute_descriptors
from mangapa.usability._predict import model_inputs, score
from mangapa.usability.evaluation import draw, evaluate, judged
from mangapa.usability.training import train

FRESH = """
import time
import numpy as np, mangapa
y, x = np.mgrid[-8:8.5:0.5, 8:-8.5:-0.5]
velocity = 120 * x / np.hypot(np.hypot(x, y / 0.6), 3)
velocity += np.random.default_rng(1).normal(scale=5, size=x.shape)
mangapa.usability(mangapa.VelocityField.from_arrays(velocity, x, y))
print(time.process_time())
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().split("\n\n")[0])
    parser.add_argument("--out", default="runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="skip the training")
    options = parser.parse_args()
    if not options.quick:
        for model in ("fcn", "default"):
            train_and_evaluate(model, f"{options.out}/{model}", options.seed)
    print_speed()


def train_and_evaluate(model, run, seed):
    start = time.perf_counter()
    train(SHARED_DATA, run, model=model, seed=seed)
    print(f"\n{model}, trained in {time.perf_counter() - start:.0f} s")
    table = judged(run)
    parts = []
    for column in ("score_alone", "score_together"):
        if column in table.colnames:
            numbers = evaluate(table, by=column)[:1]
            numbers["part"] = [column]
            parts.append(numbers)
    vstack(parts, metadata_conflicts="silent").pprint(max_width=-1)
    draw(table, run, history=Table.read(f"{run}/history.ecsv"))


def print_speed():
    fresh = [
        float(subprocess.run([sys.executable, "-c", FRESH], capture_output=True, check=True).stdout)
        for _ in range(3)
    ]
    print(f"\nfresh process to first score: {min(fresh):.2f} s of CPU")
    fields = list(velocity_fields(only=set(range(0, 9500, 50))))
    start = time.process_time()
    for field in fields:
        compute_descriptors(field)
    print(f"descriptors: {1e3 * (time.process_time() - start) / len(fields):.1f} ms per field")
    for name in ("default", "fcn"):
        model = load_model(name)
        inputs, _ = model_inputs(map(prepare, fields), model)
        many = [inputs[i % len(inputs)] for i in range(10_000)]
        start = time.process_time()
        scores = score(many, model)
        spent = time.process_time() - start
        print(f"{name}: 10,000 prepared fields in {spent:.2f} s, mean {np.mean(scores):.3f}")


if __name__ == "__main__":
    main()
