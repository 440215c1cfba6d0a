"""
Accuracy of the position angles of simulated velocity fields with many kinds of defects.

    python benchmarks/scenarios.py --methods disc harmonic symmetry
    python benchmarks/scenarios.py --methods pafit --sizes 19 37 --n 2
    python benchmarks/scenarios.py --psf 2.5      # every field seen through MaNGA's beam

Differences are modulo 360 deg, so that a reversed angle is 180 deg off; a missing angle counts as
90. Every method receives the fields without cleaning and without their errors. The first guess of
the systemic velocity is the median, unless the scenario sets another.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
from published_angles import apart
from scenario_fields import DEPARTURES, HALF_SUBTRACTED, SCENARIOS, simulate
from tqdm import tqdm

from mangapa import fit_pa
from mangapa.fitting import available_methods
from mangapa.simulate import FIELD_OF_VIEW

MEDIAN_TARGET, TAIL_TARGET, HALF_TARGET = 0.35, 5.0, 0.5  # degrees


def errors_of(job):
    """Return |dPA| of each method for one field."""
    name, n_fibres, number, psf, methods = job
    seed = [list(SCENARIOS).index(name), n_fibres, number]
    scenario = replace(SCENARIOS[name], psf=psf)
    field, true_pa = simulate(scenario, n_fibres, np.random.default_rng(seed))
    found = [
        fit_pa(field, method=method, error=None, v_sys=scenario.first_guess).pa.value
        for method in methods
    ]
    return [apart(pa, true_pa, 360) if np.isfinite(pa) else 90.0 for pa in found]


def summary(errors):
    """Format the median and 95 % of each method; the shape of errors is (fields, methods)."""
    return " | ".join(
        f"{middle:6.2f} {tail:7.2f}" for middle, tail in np.percentile(errors, [50, 95], axis=0).T
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = ("default", *available_methods())
    parser.add_argument("--methods", nargs="+", default=["default"], choices=known)
    parser.add_argument("--n", type=int, default=12, help="fields per scenario and size of IFU")
    parser.add_argument(
        "--sizes", nargs="+", type=int, default=list(FIELD_OF_VIEW), choices=FIELD_OF_VIEW
    )
    parser.add_argument("--psf", type=float, default=0.0, help="FWHM of the beam, arcsec")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()

    jobs = [
        (name, n_fibres, number, options.psf, options.methods)
        for name in SCENARIOS
        for n_fibres in options.sizes
        for number in range(options.n)
    ]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        found = list(tqdm(pool.map(errors_of, jobs, chunksize=4), total=len(jobs), unit="field"))
    errors = np.array(found)
    names = np.array([name for name, *_ in jobs])
    groups = np.array([SCENARIOS[name].group for name in names])
    sizes = np.array([n_fibres for _, n_fibres, *_ in jobs])

    print(f"|dPA| mod 360 in degrees, median and 95 %; {options.n} fields per scenario and size")
    print(f"{'':34}" + " | ".join(f"{method:>14}" for method in options.methods))
    for group in dict.fromkeys(groups):
        print(f"{group:34}{summary(errors[groups == group])}")
        for name in dict.fromkeys(names[groups == group]):
            print(f"  {name:32}{summary(errors[names == name])}")
    others = groups != DEPARTURES
    errors, names, groups, sizes = (one[others] for one in (errors, names, groups, sizes))
    print(f"without {DEPARTURES}:")
    for n_fibres in options.sizes:
        print(f"{f'all, {n_fibres} fibres':34}{summary(errors[sizes == n_fibres])}")
    print(f"{f'all {len(errors)} fields':34}{summary(errors)}")
    print_targets(options.methods, errors, names, groups)


def print_targets(methods, errors, names, groups):
    """Print whether each method meets its targets."""
    for method, error in zip(methods, errors.T, strict=True):
        if method == "pafit":
            continue
        middle, tail = np.percentile(error, [50, 95])
        half = np.median(error[names == HALF_SUBTRACTED])
        print(f"{method}:")
        for what, value, target in (
            ("median", middle, MEDIAN_TARGET),
            ("95 %", tail, TAIL_TARGET),
            (f"median, {HALF_SUBTRACTED}", half, HALF_TARGET),
        ):
            verdict = "met" if value <= target else "MISSED"
            print(f"  {what} {value:.2f}, target <= {target:g}: {verdict}")
        for percentile in (50, 95) if "pafit" in methods else ():
            worse = []
            for group in dict.fromkeys(groups):
                ours, theirs = np.percentile(errors[groups == group], percentile, axis=0)[
                    [methods.index(method), methods.index("pafit")]
                ]
                if ours > theirs:
                    worse.append(group)
            print(f"  groups worse than pafit at {percentile} %: {', '.join(worse) or 'none'}")


if __name__ == "__main__":
    main()
