"""
Our angles against the published ones (Duckworth et al. 2020), on real velocity fields.

    python benchmarks/published_angles.py --method pafit --n 60

The fields are as that catalogue cleaned them; the settings default to its own: a velocity error of
10 km/s and nothing subtracted.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from real_fields import n_velocity_fields, number, published_catalogue, velocity_fields
from tqdm import tqdm

from mangapa import fit_pa
from mangapa.fitting import available_methods

WITHIN = (0.5, 1, 2, 5)  # degrees
#: Angles are on a grid of half a degree: what is on the next step must count as half a degree off.
GRID = 1e-6


def published_angle(catalogue, field):
    """The angle of the catalogue, NaN where it has none."""
    return number(catalogue[field.galaxy][f"{field.tracer}_pa"])


def apart(a, b, period):
    """Smallest difference of two angles."""
    difference = np.mod(np.abs(a - b), period)
    return np.minimum(difference, period - difference)


def measure(job):
    """Fit one field; run by a worker."""
    field, options = job
    result = fit_pa(field, error=None, **options)
    return result.pa.value, result.pa_err_3sigma.value, int(result.flags)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--method", default="default", choices=("default", *available_methods()))
    parser.add_argument("--n", type=int, help="number of fields, at random (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--velocity-error", type=float, default=10, metavar="KM/S")
    parser.add_argument("--v-sys", default=0, type=lambda v: v if v == "median" else float(v))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()

    total = n_velocity_fields()
    chosen = np.random.default_rng(options.seed).permutation(total)[: options.n]
    fields = list(velocity_fields(only=set(chosen.tolist())))
    catalogue = published_catalogue()
    settings = {
        "method": options.method,
        "velocity_error": options.velocity_error,
        "v_sys": options.v_sys,
    }
    jobs = [(field, settings) for field in fields]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        found = list(tqdm(pool.map(measure, jobs, chunksize=1), total=len(jobs), unit="field"))

    pa, error_3sigma, flags = (np.array(column) for column in zip(*found, strict=True))
    published = np.array([published_angle(catalogue, field) for field in fields])
    both = np.isfinite(published)
    axis = np.where(np.isfinite(pa), apart(pa, published, 180), 90.0)[both]
    side = np.where(np.isfinite(pa), apart(pa, published, 360), 180.0)[both]
    print(f"method {options.method}: {both.sum()} fields of {total} with a published angle")
    print(f"  no angle from us: {np.isnan(pa)[both].sum()}; flagged: {(flags > 0)[both].sum()}")
    for limit in WITHIN:
        print(f"  within {limit:3} deg (mod 180): {np.mean(axis <= limit + GRID):7.1%}")
    print(f"  receding side as published: {np.mean(side <= 90):7.1%}")
    print(
        f"  median difference: {np.median(axis):.2f} deg, 95 %: {np.percentile(axis, 95):.2f} deg"
    )
    sure = (error_3sigma <= 5)[both]
    if sure.any():
        print(
            f"  of {sure.sum()} with a 3-sigma error of at most 5 deg, within 1 deg: "
            f"{np.mean(axis[sure] <= 1 + GRID):7.1%}"
        )


if __name__ == "__main__":
    main()
