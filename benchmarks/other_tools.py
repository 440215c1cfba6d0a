"""
Results of mangapa and of other tools on the same fields: the tables of docs/comparison.rst.

    python benchmarks/other_tools.py
    python benchmarks/other_tools.py --pafit ENVIRONMENT/bin/python --barolo BBarolo
    python benchmarks/other_tools.py --pafit ENVIRONMENT/bin/python --write docs/comparison.csv

pafit needs an environment of its own, made with "pip install pafit"; BBarolo is the executable
that "pip install pyBBarolo" builds (with CFITSIO, FFTW3 and WCSLIB). Without an option, the rows
of that tool are those of the CSV. The other tools of the tables are not on PyPI: their rows are
published numbers.

The pull is 1.48 times the median of |difference| / error. Angles are compared modulo 180 degrees,
as pafit gives no receding side.
"""

import argparse
import csv
import time
from pathlib import Path

import numpy as np
from claims import axes_apart, pull
from comparison_fields import (
    FAMILIES,
    RADII,
    REAL,
    Row,
    published_rows,
    radius_name,
    real_field,
    simulated,
    true_angle,
    true_ring_angles,
)
from comparison_tools import barolo_version, run_barolo, run_pafit

import mangapa

CSV = Path(__file__).parents[1] / "docs" / "comparison.csv"
HEADER = ("field", "quantity", "tool", "value", "error", "source")
#: Digits after the point, if not one.
DIGITS = {
    "axis ratio": 2,
    "k51": 3,
    "k51 with noise": 3,
    "pull": 2,
    "ring pull": 2,
    "no answer": 0,
}
#: Quantities of a field, by their keys in a result.
NAMES = {
    "pa": "pa",
    "axis_ratio": "axis ratio",
    "v_sys": "v_sys",
    "k51": "k51",
    "k51_observed": "k51 with noise",
}
#: Families whose angle is known at every radius.
RINGED = ("plain", "warp", "nirvana-axi")
#: The field on which the tools are timed, and how often, of which the least counts.
TIMED, REPEATS = "8080-12701", 3
TIME = "CPU time over that of fit_pa"


def run_mangapa(field):
    """Measure a field; the result is that of `comparison_tools`, with more errors."""
    start = time.process_time()
    result = mangapa.fit_pa(field)
    cpu = time.process_time() - start
    return {
        "pa": result.pa.value,
        "pa_err": result.pa_err_total.value,
        "v_sys": result.v_sys.value,
        "axis_ratio": result.disc.axis_ratio,
        "axis_ratio_err": result.disc.axis_ratio_err,
        "rings": rings_of(mangapa.pa_profile(field)),
        "cpu": cpu,
    }


def run_kinemetry(field):
    """Measure a field on ellipses that are fitted ring by ring, as `run_mangapa`."""
    start = time.process_time()
    profile = mangapa.kinemetry(field)
    cpu = time.process_time() - start
    return {
        "k51": profile.k51,
        "k51_err": profile.k51_err,
        "k51_observed": profile.k51_observed,
        "rings": rings_of(profile),
        "cpu": cpu,
    }


def rings_of(profile):
    """Return radius, angle and error of the rings that have an angle."""
    known = np.isfinite(profile["pa"])
    rings = np.array([profile[name].value[known] for name in ("radius", "pa", "pa_err")])
    rings[1] = np.unwrap(rings[1], period=360)
    return rings


def rows_of(name, tool, source, result):
    """Return the rows of a tool's result for a real field."""

    def row(quantity, value, error=np.nan):
        return Row(
            field=name, quantity=quantity, tool=tool, value=value, error=error, source=source
        )

    known = [key for key in NAMES if key in result]
    rows = [row(NAMES[key], result[key], result.get(f"{key}_err", np.nan)) for key in known]
    if "rings" in result:
        radius, pa, *error = result["rings"]
        for at in RADII:
            if radius.min() <= at <= radius.max():
                values = [np.interp(at, radius, column) for column in (pa, *error)]
                rows.append(row(radius_name(at), values[0] % 360, *values[1:]))
    return rows


def simulated_rows(family, tool, source, fields, results):
    """Return the accuracy of a tool in a family of simulated fields."""

    def row(quantity, value):
        return Row(field=family, quantity=quantity, tool=tool, value=value, source=source)

    rows = []
    if "pa" in results[0]:
        pairs = zip(fields, results, strict=True)
        off = np.abs([axes_apart(r["pa"], true_angle(f)) for f, r in pairs])
        rows += [
            row("median error", np.nanmedian(off)),
            row("95 % within", np.nanpercentile(off, 95)),
            row("no answer", np.count_nonzero(np.isnan(off))),
        ]
    if "pa_err" in results[0]:
        rows.append(row("pull", pull(off, np.array([r["pa_err"] for r in results]))))
    if "rings" in results[0] and family in RINGED:
        off, error = [], []
        for field, result in zip(fields, results, strict=True):
            radius, pa, *known = result["rings"]
            off.extend(np.abs(axes_apart(pa, true_ring_angles(field, radius))))
            error.extend(known[0] if known else [])
        rows.append(row("ring median error", np.median(off)))
        if error:
            rows.append(row("ring pull", pull(np.array(off), np.array(error))))
    return rows


def tool_rows(tool, source, run):
    """
    Return all rows of a tool.

    Parameters
    ----------
    run : callable
        Takes a field; returns a result.
    """
    rows = []
    for name in REAL:
        field = real_field(name)
        rows += rows_of(name, tool, source, run(field))
        if name == TIMED:
            ratio = least_cpu(run, name) / least_cpu(run_mangapa, name)
            rows.append(Row(field=name, quantity=TIME, tool=tool, value=ratio, source=source))
    for family in FAMILIES:
        fields = simulated(family)
        results = [run(mangapa.clean(one.field)) for one in fields]
        rows += simulated_rows(family, tool, source, fields, results)
    return rows


def least_cpu(run, name):
    """Return the least CPU time of a few runs on a field, seconds."""
    # A field keeps what was prepared of it: each run has a new one.
    return min(run(real_field(name))["cpu"] for _ in range(REPEATS))


def read_rows(path=CSV):
    """Read the rows of the CSV."""
    with open(path, newline="", encoding="utf-8") as file:
        return [
            Row(
                field=cells["field"],
                quantity=cells["quantity"],
                tool=cells["tool"],
                value=float(cells["value"]),
                error=float(cells["error"] or "nan"),
                source=cells["source"],
            )
            for cells in csv.DictReader(file)
        ]


def write_rows(rows, path):
    """Write the CSV."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for row in rows:
            digits = DIGITS.get(row.quantity, 1)
            cells = [
                f"{number:.{digits}f}" if np.isfinite(number) else ""
                for number in (row.value, row.error)
            ]
            writer.writerow((row.field, row.quantity, row.tool, *cells, row.source))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pafit", metavar="PYTHON", help="Python that has pafit")
    parser.add_argument("--barolo", metavar="EXECUTABLE", help="BBarolo")
    parser.add_argument("--write", metavar="CSV", help="write the table as well")
    options = parser.parse_args()

    rows = tool_rows("mangapa", "run", run_mangapa)
    rows += tool_rows("mangapa.kinemetry", "run", run_kinemetry)
    if options.pafit:
        version = run_pafit(options.pafit, real_field(TIMED))["version"]
        rows += tool_rows("pafit", f"run, {version}", lambda one: run_pafit(options.pafit, one))
    if options.barolo:

        def run(field):
            # It starts at the angle of the map, as after a first look.
            axis = mangapa.fit_pa(field, method="symmetry").pa.value
            return run_barolo(options.barolo, field, axis)

        rows += tool_rows("BBarolo", f"run, {barolo_version(options.barolo)}", run)
    fresh = {row.tool for row in rows}
    if CSV.exists():
        rows += [r for r in read_rows() if r.tool not in fresh and r.source.startswith("run")]
    rows += published_rows()
    if options.write:
        write_rows(rows, options.write)
    for row in rows:
        error = f" +- {row.error:.3f}" if np.isfinite(row.error) else ""
        print(f"{row.field:14} {row.quantity:18} {row.tool:21} {row.value:.3f}{error}")


if __name__ == "__main__":
    main()
