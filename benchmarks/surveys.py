"""
Angles of the real files of other surveys, compared with the published ones.

    python benchmarks/surveys.py
    python benchmarks/surveys.py --only ghasp --centre fit

Each file is measured alone, by ``mangapa.measure(path)``. The last column, the pull, is the
difference over both errors; the spread is the 68th percentile of its size, 1 if the errors are
right.
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
#: Files, tracers, and the published angle of the receding side with its 1-sigma error, degrees.
#: SAMI's catalogue gives the approaching side: 180 is added.
PUBLISHED = [
    # SAMI DR3, PA_STELKIN and PA_GASKIN.
    *(
        (f"sami/41144_{letter}_stellar-velocity_{binning}_two-moment.fits", "stellar", 148, 1.0)
        for letter in "ABCD"
        for binning in ("default", "adaptive", "sectors")
    ),
    *(
        (f"sami/41144_{letter}_gas-velocity_{binning}_1-comp.fits", "halpha", 150, 1.0)
        for letter in "ABCD"
        for binning in ("default", "adaptive")
    ),
    ("sami/230776_A_stellar-velocity_default_two-moment.fits", "stellar", 344, 10.0),
    ("sami/105420_stellar-velocity_default_two-moment.fits", "stellar", 212, 1.0),
    # Krajnovic et al. 2011, table D1, whose errors are 3 sigma for other galaxies of this size.
    ("califa/NGC6278.V1200.rscube_INDOUSv2_SN20_stellar_kin.fits", "stellar", 305.5, 4.8),
    ("atlas3d/NGC4570_4moments_ATLAS3d.fits", "stellar", 158.5, 2.2),
    # rfPA of EDGE (Levy et al. 2018), turned to the receding side.
    ("pipe3d/NGC4047.ELINES.cube.fits.gz", "halpha", 284.0, 1.0),
    ("pipe3d/NGC4047.SSP.cube.fits.gz", "stellar", 284.0, 1.0),
    # Angles, or the middle of a range, of the authors of the maps.
    ("moment/NGC7321.vel_map.fits", "halpha", 12.0, 1.0),
    ("moment/ngc3557_mom1.fits", "halpha", 202.5, 17.5),
]


def published_angles():
    """Return path, tracer, published angle and its error of every file, degrees."""
    rows = [(FOLDER / name, *angle) for name, *angle in PUBLISHED]
    # Epinat et al. 2008: the table of the parameters that were fitted to these maps.
    with open(FOLDER / "ghasp" / "epinat_parameters.csv") as lines:
        for row in csv.DictReader(lines):
            path = FOLDER / "ghasp" / f"ugc{row['ugc']}_rv_bin.fits.gz"
            rows.append((path, "halpha", float(row["pa"]) % 360, float(row["e_pa"])))
    return rows


def measured_angle(path, tracer, options):
    """Return angle and total error of a file, degrees, and its flags or why there is no angle."""
    try:
        pa = mangapa.measure(path, **options)[tracer].pa
    except OSError as error:
        return np.nan, np.nan, f"{type(error).__name__}: {error}"
    return pa.pa.value, pa.pa_err_total.value, pa.flags.name or "-"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", help="a part of the names of the files", default="")
    parser.add_argument("--centre", help="option of mangapa.measure", default="given")
    parser.add_argument("--min-region", type=float, help="option of mangapa.measure")
    options = parser.parse_args()
    given = {"centre": options.centre}
    if options.min_region is not None:
        given["min_region"] = options.min_region

    print(f"{'file':62} {'tracer':8} {'angle':>6} {'error':>5} {'published':>14} {'diff':>6} flags")
    found = {}
    for path, tracer, published, published_error in published_angles():
        name = str(path.relative_to(FOLDER))
        if options.only not in name:
            continue
        angle, error, flags = measured_angle(path, tracer, given)
        difference = (angle - published + 180) % 360 - 180
        print(
            f"{name:62} {tracer:8} {angle:6.1f} {error:5.1f} {published:6.1f} "
            f"+-{published_error:5.1f} {difference:6.1f} {flags}"
        )
        row = difference, difference / np.hypot(error, published_error)
        found.setdefault(path.parent.name, []).append(row)
    print(f"\n{'folder':10} files angles  median  within 5  same side  spread of the pulls")
    for folder, rows in found.items():
        all_off, all_pulls = np.abs(rows).T
        off, pulls = all_off[np.isfinite(all_off)], all_pulls[np.isfinite(all_off)]
        if off.size:
            print(
                f"{folder:10} {len(rows):5} {off.size:6} {np.median(off):7.2f} "
                f"{np.mean(off <= 5):9.1%} {np.sum(off < 90):7}/{off.size:<3}"
                f"{np.percentile(pulls, 68.3):10.2f}"
            )


if __name__ == "__main__":
    main()
