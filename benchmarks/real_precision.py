"""
Precision on real velocity fields, independent of pafit.

    python benchmarks/real_precision.py

Repeat observations of a galaxy (rows of the catalogue that share a mangaid and are both usable by
the expert's flags) should give the same angle. A clean, inclined stellar disc (axis ratio below
0.6) should rotate about its photometric minor axis. Differences are modulo 180 deg; a missing angle
counts as 90 deg off. The fields are those that the catalogue's authors cleaned.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from multiprocessing import get_context

import numpy as np
from published_angles import apart
from real_fields import number, published_catalogue, velocity_fields
from tqdm import tqdm

from mangapa import fit_pa
from mangapa.fitting import available_methods

USABLE, CLEAN = ("1", "2"), "2"
QUALITY = {"stellar": "stel_qual", "halpha": "halpha_qual"}
MAX_AXIS_RATIO = 0.6
PUBLISHED = "published"
STARS, GAS, PHOTOMETRY = "repeats, stars", "repeats, gas", "against photometry"
PERCENTILES = (50, 68, 90)
#: Targets for the default method, degrees at these percentiles.
TARGETS = {STARS: (1.6, 4.5, 16), GAS: (1.0, 3.0, 9), PHOTOMETRY: (2.7, 4.3, 10)}


def repeats(catalogue, tracer):
    """Return the pairs of usable observations of the same galaxy."""
    by_galaxy = {}
    for row in catalogue.values():
        if row["mangaid"] and row[QUALITY[tracer]] in USABLE:
            by_galaxy.setdefault(row["mangaid"], []).append((row["plateifu"], tracer))
    return [pair for rows in by_galaxy.values() for pair in combinations(rows, 2)]


def inclined_discs(catalogue):
    """Return the clean stellar fields flat enough for a photometric position angle."""
    return [
        (row["plateifu"], "stellar")
        for row in catalogue.values()
        if row[QUALITY["stellar"]] == CLEAN
        and number(row["nsa_elpetro_ba"]) < MAX_AXIS_RATIO
        and np.isfinite(number(row["nsa_elpetro_phi"]))
    ]


def measure(job):
    """Return angle and error of one field by each method, NaN if there is none."""
    field, methods, error = job
    results = [fit_pa(field, method=method, error=error) for method in methods]
    return [(result.pa.value, result.pa_err.value) for result in results]


def fit_all(fields, with_errors, methods, options):
    """Return the angles and errors of each field, shape (methods, 2)."""
    jobs = [
        (field, methods, options.error if key in with_errors else None)
        for key, field in fields.items()
    ]
    if not methods:
        return {key: np.empty((0, 2)) for key in fields}
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        found = list(tqdm(pool.map(measure, jobs, chunksize=4), total=len(jobs), unit="field"))
    return dict(zip(fields, np.array(found), strict=True))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--methods",
        nargs="+",
        default=[PUBLISHED, "symmetry", "harmonic", "disc"],
        choices=(PUBLISHED, "default", *available_methods()),
    )
    parser.add_argument(
        "--error",
        default="default",
        choices=("default", "bootstrap"),
        help="error of the angles of repeat observations",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()

    catalogue = published_catalogue()
    pairs = {STARS: repeats(catalogue, "stellar"), GAS: repeats(catalogue, "halpha")}
    discs = inclined_discs(catalogue)
    repeated = {key for both in pairs.values() for pair in both for key in pair}
    wanted = repeated | set(discs)
    fields = {(f.galaxy, f.tracer): f for f in velocity_fields()}
    fields = {key: field for key, field in fields.items() if key in wanted}
    methods = [method for method in options.methods if method != PUBLISHED]
    found = fit_all(fields, repeated, methods, options)

    def angles(method, keys):
        """Return the angles and errors of a method."""
        if method == PUBLISHED:
            pa = [number(catalogue[galaxy][f"{tracer}_pa"]) for galaxy, tracer in keys]
            return np.array(pa), np.full(len(keys), np.nan)
        missing = np.full((len(methods), 2), np.nan)
        return np.array([found.get(key, missing)[methods.index(method)] for key in keys]).T

    differences, ratios = {}, {}
    for method in options.methods:
        for name, both in pairs.items():
            (pa, error), (other_pa, other_error) = (
                angles(method, [pair[i] for pair in both]) for i in (0, 1)
            )
            differences[name, method] = apart(pa, other_pa, 180)
            ratios[name, method] = differences[name, method] / np.hypot(error, other_error)
        photometric = np.array(
            [number(catalogue[galaxy]["nsa_elpetro_phi"]) for galaxy, _ in discs]
        )
        differences[PHOTOMETRY, method] = apart(angles(method, discs)[0], photometric, 180)
    print_differences(options.methods, differences)
    print_calibration([method for method in methods if method != PUBLISHED], ratios)


def print_differences(methods, differences):
    """Print the table of differences and the targets."""
    print(f"difference in degrees at {', '.join(map(str, PERCENTILES))} %; * marks a missed target")
    print(f"{'':26}" + " | ".join(f"{method:>18}" for method in (*methods, "target")))
    for name, target in TARGETS.items():
        cells = []
        for method in methods:
            difference = np.nan_to_num(differences[name, method], nan=90.0)
            found = np.percentile(difference, PERCENTILES)
            marks = np.where(found > target, "*", " ")
            cells.append("".join(f"{v:5.2f}{mark}" for v, mark in zip(found, marks, strict=True)))
        cells.append("".join(f"{t:5.1f} " for t in target))
        print(f"{f'{name} ({difference.size})':26}" + " | ".join(cells))


def print_calibration(methods, ratios):
    """Print whether the errors account for the differences between repeat observations."""
    print("repeats: |dPA| / error at 68 and 95 % (1.00 and 1.96 for calibrated errors)")
    for method in methods:
        cells = []
        for name in (STARS, GAS):
            ratio = ratios[name, method]
            known = np.isfinite(ratio)
            if known.any():
                one, two = np.percentile(ratio[known], [68.3, 95])
                cells.append(f"{name} {one:5.2f} {two:5.2f} ({known.sum()})")
        print(f"{method:12}" + " | ".join(cells))


if __name__ == "__main__":
    main()
