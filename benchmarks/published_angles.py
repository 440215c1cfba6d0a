"""
Our angles compared with the published ones (Duckworth et al. 2020), on real velocity fields.

    python benchmarks/published_angles.py --method pafit --n 60
    python benchmarks/published_angles.py --worst 20 --figure worst.png

The second command also draws the fields, clean by the experts' flags, whose angles differ most. The
fields are those that the catalogue's authors cleaned. The options default to theirs: a velocity
error of 10 km/s, and no velocity subtracted.
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
CLASSES = {"2": "clean", "1": "messy", "0": "do not use", "": "not classified"}
#: Angles are on a grid of half a degree; rounding must not put a difference of one step beyond it.
GRID = 1e-6


def published_angle(catalogue, field):
    """Return the angle in the catalogue, NaN if it has none."""
    return number(catalogue[field.galaxy][f"{field.tracer}_pa"])


def expert_class(catalogue, field):
    """Return the expert's class as text."""
    return catalogue[field.galaxy][f"{'stel' if field.tracer == 'stellar' else 'halpha'}_qual"]


def apart(a, b, period):
    """Return the smallest difference between two angles."""
    difference = np.mod(np.abs(a - b), period)
    return np.minimum(difference, period - difference)


def measure(job):
    """Fit one field in a worker process."""
    field, options = job
    result = fit_pa(field, error=None, **options)
    return result.pa.value, result.pa_err_3sigma.value, int(result.flags)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--method", default="default", choices=("default", *available_methods()))
    parser.add_argument("--n", type=int, help="number of random fields (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--velocity-error", type=float, default=10, metavar="KM/S")
    parser.add_argument("--v-sys", default=0, type=lambda v: v if v == "median" else float(v))
    parser.add_argument(
        "--worst", type=int, default=0, metavar="N", help="number of fields to draw and list"
    )
    parser.add_argument("--figure", default="worst.png", help="file for the figure")
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
    classes = np.array([expert_class(catalogue, field) for field in fields])
    both = np.isfinite(published)
    axis = np.where(np.isfinite(pa), apart(pa, published, 180), 90.0)
    side = np.where(np.isfinite(pa), apart(pa, published, 360), 180.0)
    print(f"method {options.method}: {both.sum()} fields of {total} with a published angle")
    print(f"  without our angle: {np.isnan(pa)[both].sum()}; flagged: {(flags > 0)[both].sum()}")
    header = "".join(f"<= {limit:3} deg  " for limit in WITHIN)
    print(f"{'class':>16} {'fields':>7}  {header}same side   median   95 %")
    rows = {"all": both, **{name: both & (classes == c) for c, name in CLASSES.items()}}
    for name, chosen in rows.items():
        if chosen.any():
            shares = "".join(f"{np.mean(axis[chosen] <= w + GRID):10.1%}  " for w in WITHIN)
            print(
                f"{name:>16} {chosen.sum():7d}  {shares}{np.mean(side[chosen] <= 90):8.1%} "
                f"{np.median(axis[chosen]):8.2f} {np.percentile(axis[chosen], 95):7.2f}"
            )
    sure = both & (error_3sigma <= 5)
    if sure.any():
        print(
            f"  {sure.sum()} have a 3-sigma error of at most 5 deg; within 1 deg: "
            f"{np.mean(axis[sure] <= 1 + GRID):7.1%}"
        )
    if options.worst:
        order = np.argsort(np.where(both & (classes == "2"), -axis, np.inf))[: options.worst]
        draw([fields[i] for i in order], published[order], settings, catalogue, options.figure)


def draw(fields, published, settings, catalogue, path):
    """Draw fields with our angle (black) and the published one (green); list other angles."""
    from matplotlib.figure import Figure

    rows = int(np.ceil(len(fields) / 5))
    figure = Figure(figsize=(20, 4.4 * rows), layout="constrained")
    axes = figure.subplots(rows, 5, squeeze=False).ravel()
    print("largest differences of clean fields: ours, published; other methods; the other tracer")
    for ax, field, angle in zip(axes, fields, published, strict=False):
        ours = fit_pa(field, **settings)
        ours.plot(ax, colorbar=False)
        reach = ax.get_ylim()[1]
        end = reach * np.array([np.sin(np.radians(angle)), np.cos(np.radians(angle))])
        ax.plot(*np.outer(end, [-1, 1]), color="limegreen", lw=2.5)
        ax.set_title(f"{field.galaxy} {field.tracer}\n{ours.pa.value:.0f} published {angle:.0f}")
        ax.set(xlabel="", ylabel="")
        others = {
            method: fit_pa(field, **{**settings, "method": method}, error=None).pa.value
            for method in ("harmonic", "symmetry")
        }
        row = catalogue[field.galaxy]
        other = "halpha" if field.tracer == "stellar" else "stellar"
        print(
            f"{field.galaxy:>12} {field.tracer:8}",
            f"{ours.pa.value:6.1f} +- {ours.pa_err.value:4.1f}, {angle:6.1f};",
            ", ".join(f"{method} {pa:6.1f}" for method, pa in others.items()),
            f"; {other} {number(row[f'{other}_pa']):6.1f},",
            f"photometry {number(row['nsa_elpetro_phi']):.0f}",
        )
    figure.savefig(path, dpi=70)
    print(f"figure: {path}; black is ours, green the published angle")


if __name__ == "__main__":
    main()
