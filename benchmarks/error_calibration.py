"""
Calibration of the errors: the scatter of dPA / pa_err over simulated fields.

    python benchmarks/error_calibration.py --n 300
    python benchmarks/error_calibration.py --n 300 --growth 3 --ivar
    python benchmarks/error_calibration.py --n 300 --psf 2.5

dPA is the difference of the axes, modulo 180 deg. The noise is white, correlated or binned, each at
V/sigma of 1, 3 and 10. In fields of pure noise the angle is uniformly random, and the error should
be near 52 deg.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from scenario_fields import Scenario, simulate
from tqdm import tqdm

from mangapa import PAFlags, fit_pa
from mangapa.fitting import available_methods
from mangapa.simulate import FIELD_OF_VIEW

NOISES = ("white", "correlated", "binned")
RATIOS = (1, 3, 10)  # V/sigma
NO_ROTATION = 1e-3  # V/sigma of a field of pure noise
ONE_SIGMA, TWO_SIGMA = 68.3, 95.0  # per cent within 1 and 1.96 standard deviations
#: Standard deviation of a uniformly random axis, degrees.
UNIFORM = 180 / np.sqrt(12)
SPREAD_TARGET = (0.85, 1.15)
COVERAGE_TARGET = 4.0  # per cent


def measure(job):
    """Return the signed difference from the true axis, the error and the flag of one field."""
    noise, ratio, n_fibres, number, settings, options = job
    scenario = Scenario(group="calibration", noise=noise, v_over_sigma=ratio, **settings)
    seed = [NOISES.index(noise), int(1000 * ratio), n_fibres, number]
    field, true_pa = simulate(scenario, n_fibres, np.random.default_rng(seed))
    result = fit_pa(field, **options)
    difference = (result.pa.value - true_pa + 90) % 180 - 90
    return difference, result.pa_err.value, bool(result.flags & PAFlags.UNCONSTRAINED)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--method", default="default", choices=("default", *available_methods()))
    parser.add_argument("--error", default="default", choices=("default", "analytic", "bootstrap"))
    parser.add_argument("--n", type=int, default=100, help="fields per cell")
    parser.add_argument("--ivar", action="store_true", help="pass the inverse variances to the fit")
    parser.add_argument(
        "--growth",
        type=float,
        default=1.0,
        help="factor by which the noise grows from the centre to the corner",
    )
    parser.add_argument("--psf", type=float, default=0.0, help="FWHM of the beam, arcsec")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()

    settings = {"with_ivar": options.ivar, "growth": options.growth, "psf": options.psf}
    fitted = {"method": options.method, "error": options.error}
    cells = [
        (noise, ratio, n_fibres)
        for ratios in (RATIOS, (NO_ROTATION,))
        for noise in NOISES
        for ratio in ratios
        for n_fibres in FIELD_OF_VIEW
    ]
    jobs = [(*cell, i, settings, fitted) for cell in cells for i in range(options.n)]
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
        found = list(tqdm(pool.map(measure, jobs, chunksize=16), total=len(jobs), unit="field"))
    found = np.array(found, float).reshape(len(cells), options.n, 3)
    by_cell = dict(zip(cells, found, strict=True))

    print(
        f"method {options.method}, error {options.error}; "
        f"{'with' if options.ivar else 'without'} inverse variances; noise grows by a factor of "
        f"{options.growth:g} from centre to corner; {options.n} fields per cell"
    )
    print_calibration({cell: by_cell[cell] for cell in cells if cell[1] != NO_ROTATION})
    print_noise_alone({cell: by_cell[cell] for cell in cells if cell[1] == NO_ROTATION})


def print_calibration(by_cell):
    """Print the table of V/sigma and noise against the size of the IFU, and the targets."""
    print(
        "std of dPA / pa_err, share (%) within 1 and 1.96 sigma; all sizes; median errors by size"
    )
    print(f"{'V/sigma':16}" + " | ".join(f"{f'{n} fibres':>12}" for n in FIELD_OF_VIEW) + " | all")
    rows = list(dict.fromkeys((noise, ratio) for noise, ratio, _ in by_cell))
    for noise, ratio in rows:
        found = [by_cell[noise, ratio, n_fibres] for n_fibres in FIELD_OF_VIEW]
        statistics = [calibration(one) for one in (*found, np.concatenate(found))]
        error = ", ".join(f"{np.nanmedian(one[:, 1]):.2g}" for one in found)
        cells = " | ".join(f"{s:4.2f} {one:3.0f} {two:3.0f}" for s, one, two in statistics)
        print(f"{noise:12}{ratio:3}  {cells} | median error {error} deg")

    all_found = np.concatenate(list(by_cell.values()))
    spread, one, two = calibration(all_found)
    print(
        f"all: std {spread:.2f}, {one:.1f} % and {two:.1f} %; "
        f"{np.isnan(all_found[:, 1]).sum()} fields without an error"
    )
    statistics = np.array([calibration(found) for found in by_cell.values()])
    low, high = SPREAD_TARGET
    spread_met = (low <= statistics[:, 0]) & (statistics[:, 0] <= high)
    covered = np.abs(statistics[:, 1:] - (ONE_SIGMA, TWO_SIGMA)) <= COVERAGE_TARGET
    n, n_fields = len(by_cell), len(all_found) // len(by_cell)
    chance = 100 * np.sqrt(ONE_SIGMA / 100 * (1 - ONE_SIGMA / 100) / n_fields)
    print(f"std within {low}-{high}: {spread_met.sum()} of {n} cells")
    print(
        f"coverage within {COVERAGE_TARGET:g} points: 68 % in {covered[:, 0].sum()} of {n} cells, "
        f"95 % in {covered[:, 1].sum()} (chance alone: {chance:.1f} points per cell at 68 %)"
    )
    pooled = np.array(
        [
            calibration(np.concatenate([by_cell[(*row, n_fibres)] for n_fibres in FIELD_OF_VIEW]))
            for row in rows
        ]
    )
    covered = np.abs(pooled[:, 1:] - (ONE_SIGMA, TWO_SIGMA)) <= COVERAGE_TARGET
    print(
        f"all sizes together: 68 % in {covered[:, 0].sum()} of {len(rows)} rows, "
        f"95 % in {covered[:, 1].sum()}"
    )


def calibration(found):
    """Return the standard deviation of dPA / pa_err and the shares within 1 and 1.96 sigma (%)."""
    difference, error, _ = found[np.isfinite(found).all(axis=1)].T
    if error.size == 0:
        return np.nan, np.nan, np.nan
    ratio = difference / error
    within = [100 * np.mean(np.abs(ratio) <= limit) for limit in (1, 1.96)]
    return np.std(ratio), *within


def print_noise_alone(by_cell):
    """Print the errors of fields without rotation."""
    print(f"pure noise: median error (deg), 5th percentile, share flagged (uniform: {UNIFORM:.0f})")
    for noise in NOISES:
        cells = []
        for n_fibres in FIELD_OF_VIEW:
            _, error, flagged = by_cell[noise, NO_ROTATION, n_fibres].T
            low, middle = np.nanpercentile(error, [5, 50])
            cells.append(f"{middle:4.1f} {low:4.1f} {np.mean(flagged):4.0%}")
        print(f"{noise:16}" + " | ".join(cells))


if __name__ == "__main__":
    main()
