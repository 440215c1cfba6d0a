"""
Angles of the real files of other surveys, compared with the published ones.

    python benchmarks/surveys.py
    python benchmarks/surveys.py --only ghasp --centre fit
    python benchmarks/surveys.py --write docs/surveys/angles.csv

Each file is measured alone, by ``mangapa.measure(path)``. Where the published angle has an error,
the pull is the difference over this and ``pa_err``, or ``pa_err_total``: angles that others
measured on the same map share its departures from a disc, as far as their methods see these alike.
The spread of the pulls is the 68th percentile of their size, 1 if the errors are right.
"""

import argparse
import csv
import os
from pathlib import Path

import numpy as np

import mangapa

FOLDER = (
    Path(os.environ.get("MANGAPA_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    / "surveys"
)
#: Files, tracers, and the published angle of the receding side with its error, degrees, if that is
#: known. SAMI's catalogue gives the approaching side: 180 is added.
PUBLISHED = [
    # SAMI DR3, PA_STELKIN and PA_GASKIN; that of the stars of 41144 is of observation A alone.
    *(
        (f"sami/41144_{letter}_stellar-velocity_{binning}_two-moment.fits", "stellar", 148, error)
        for letter, error in (("A", 0.75), ("B", None), ("C", None), ("D", None))
        for binning in ("default", "adaptive", "sectors")
    ),
    *(
        (f"sami/41144_{letter}_gas-velocity_{binning}_1-comp.fits", "halpha", angle, 1 / 6)
        for letter, angle in (("A", 150), ("B", 150.5), ("C", 149.5), ("D", 149.5))
        for binning in ("default", "adaptive")
    ),
    ("sami/230776_A_stellar-velocity_default_two-moment.fits", "stellar", 344, 2.5),
    ("sami/105420_stellar-velocity_default_two-moment.fits", "stellar", 212, 13 / 12),
    # Krajnovic et al. 2011, table D1.
    ("califa/NGC6278.V1200.rscube_INDOUSv2_SN20_stellar_kin.fits", "stellar", 305.5, 4.8),
    ("atlas3d/NGC4570_4moments_ATLAS3d.fits", "stellar", 158.5, 2.2),
    # rfPA of EDGE (Levy et al. 2018), turned to the receding side.
    ("pipe3d/NGC4047.ELINES.cube.fits.gz", "halpha", 284.0, None),
    ("pipe3d/NGC4047.SSP.cube.fits.gz", "stellar", 284.0, None),
    # Another team's angle of the gas, and the middle of the range of the authors of the map.
    ("moment/NGC7321.vel_map.fits", "halpha", 12.0, None),
    ("moment/ngc3557_mom1.fits", "halpha", 202.5, None),
]


def published_angles():
    """Return path, tracer, published angle and its error (`None` if unknown) of every file."""
    rows = [(FOLDER / name, *angle) for name, *angle in PUBLISHED]
    # Epinat et al. 2008: the table of the parameters that were fitted to these maps.
    with open(FOLDER / "ghasp" / "epinat_parameters.csv") as lines:
        for row in csv.DictReader(lines):
            path = FOLDER / "ghasp" / f"ugc{row['ugc']}_rv_bin.fits.gz"
            rows.append((path, "halpha", float(row["pa"]) % 360, float(row["e_pa"])))
    return rows


def measured_angle(path, tracer, options):
    """Return the angle of a file, its two errors, degrees, and its flags or why there is none."""
    try:
        pa = mangapa.measure(path, **options)[tracer].pa
    except OSError as error:
        return np.nan, np.nan, np.nan, f"{type(error).__name__}: {error}"
    return pa.pa.value, pa.pa_err.value, pa.pa_err_total.value, flag_names(pa.flags)


def flag_names(flags):
    """Return the names of flags, empty without one."""
    return " ".join(flag.name for flag in type(flags) if flag and flag in flags)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="a part of the names of the files", default="")
    parser.add_argument("--centre", help="option of mangapa.measure", default="given")
    parser.add_argument("--min-region", type=float, help="option of mangapa.measure")
    parser.add_argument("--write", metavar="CSV", help="write the angles as well")
    options = parser.parse_args()
    given = {"centre": options.centre}
    if options.min_region is not None:
        given["min_region"] = options.min_region

    header = ("File", "Measured", "Published", "Difference", "Flags")
    print("{:62} {:>13} {:>13} {:>10} {}".format(*header))
    table, found = [], {}
    for path, tracer, published, published_error in published_angles():
        name = str(path.relative_to(FOLDER))
        if options.only not in name:
            continue
        angle, noise, error, flags = measured_angle(path, tracer, given)
        difference = (angle - published + 180) % 360 - 180
        known = published_error is not None
        error_text = f" +- {published_error:.1f}" if known else ""
        cells = f"{angle:.1f} +- {error:.1f}", f"{published:.1f}{error_text}", f"{difference:.1f}"
        table.append((name, *cells, flags))
        print("{:62} {:>13} {:>13} {:>10} {}".format(*table[-1]))
        other = published_error if known else np.nan
        pulls = [difference / np.hypot(one, other) for one in (noise, error)]
        found.setdefault(path.parent.name, []).append((difference, *pulls))
    if options.write:
        with open(options.write, "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *table])
    print(f"\n{'folder':10} files angles  median  within 5  same side  pulls, noise  total")
    for folder, rows in found.items():
        off, *pulls = (values[np.isfinite(values)] for values in np.abs(rows).T)
        if off.size:
            spread = [f"{np.percentile(one, 68.3):.2f}" if one.size else "-" for one in pulls]
            print(
                f"{folder:10} {len(rows):5} {off.size:6} {np.median(off):7.2f} "
                f"{np.mean(off <= 5):9.1%} {np.sum(off < 90):7}/{off.size:<3}"
                "{:>13} {:>6}".format(*spread)
            )


if __name__ == "__main__":
    main()
