"""Kinematic classes of real galaxies, beside published ones."""

from collections import Counter

import numpy as np
from astropy.io import fits
from real_features import KDC, NOTHING, PREFIX, WARP, area
from real_fields import SHARED_DATA, n_velocity_fields, published_catalogue, velocity_fields

from mangapa import VelocityField, clean, kinematic_classes, measure
from mangapa.kinematics import _class_evidence as evidence
from mangapa.kinematics._class_evidence import REGULAR
from mangapa.profiles import pa_profile
from mangapa.profiles._features import field_features

SURVEYS = SHARED_DATA / "surveys"
TABLE = SURVEYS / "catalogues" / "atlas3d_krajnovic2011_tableD1.txt"
MAPS = (
    "manga-8080-12701-MAPS-VOR10-GAU-MILESHC.fits.gz",
    "manga-7815-3702-MAPS-HYB10-GAU-MILESHC.fits.gz",
)


def published_table():
    """Rows of Table D1 (Krajnovic et al. 2011) by galaxy."""
    with open(TABLE) as file:
        names, *rows = ([cell.strip() for cell in line.split(",")] for line in file)
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}


def print_table(options, run):
    """How the classes of Table D1 follow from its k5/k1 and errors."""
    rows = [row for row in published_table().values() if "/" in row["kinstruct"]]
    k51, error = (np.array([float(row[name]) for row in rows]) for name in ("k51", "erk51"))
    regular = np.array([row["kinstruct"].startswith("RR") for row in rows])
    print("\nTable D1: share of galaxies whose class is that of k51 - n errors below 0.04")
    for n in (0, 0.5, 1, 1.5, 2):
        print(f"  n = {n:g}: {np.mean((k51 - n * error < REGULAR) == regular):.1%} of {len(rows)}")
    probability = np.array(
        [evidence.regular_rotator(*pair) for pair in zip(k51, error, strict=True)]
    )
    low, high = probability[regular].min(), probability[~regular].max()
    print(f"  least probability of a regular rotator {low:.2f}, largest of another {high:.2f}")
    print(f"  groups: {dict(sorted(Counter(row['symbols'] for row in rows).items()))}")


def print_galaxies(options, run):
    """The galaxies of Table D1 whose maps there are, and true MAPS files."""
    table = published_table()
    for name, field in published_fields().items():
        row = table[name]
        found = kinematic_classes(
            clean(field),
            photometric_pa=float(row["PAphot"]),
            ellipticity=float(row["EPS"]),
        )
        print(
            f"\n{name}: k51 {row['k51']} +- {row['erk51']} in Table D1, here {found.k51:.3f} +- "
            f"{found.k51_err:.3f}; {row['kinstruct']}, group {row['symbols']}"
        )
        _print(found)
    for name in MAPS:
        measurement = measure(SHARED_DATA / name)
        for tracer in PREFIX:
            found = kinematic_classes(measurement, tracer)
            print(f"\n{name}, {tracer}: k51 {found.k51:.3f} +- {found.k51_err:.3f}")
            _print(found)


def published_fields():
    """Fields of galaxies of Table D1, from tables of bins or spaxels."""
    bins = fits.getdata(SURVEYS / "atlas3d" / "NGC4570_4moments_ATLAS3d.fits", 1)
    spaxels = fits.getdata(
        SURVEYS / "califa" / "NGC6278.V1200.rscube_INDOUSv2_SN20_stellar_kin.fits", 1
    )
    spaxels = spaxels[spaxels["BIN_ID"] > 0]
    table = np.loadtxt(SURVEYS / "atlas3d" / "NGC2974_SAURON_kinematics.dat")
    return {
        # Their x grows to the West.
        "NGC4570": VelocityField.from_arrays(
            bins["VPXF"],
            -bins["XS"],
            bins["YS"],
            ivar=bins["EVPXF"] ** -2.0,
            dispersion=bins["SPXF"],
            dispersion_ivar=bins["ESPXF"] ** -2.0,
            flux=bins["FLUX"],
        ),
        "NGC6278": VelocityField.from_arrays(
            spaxels["Vp"],
            -spaxels["X"],
            spaxels["Y"],
            mask=spaxels["Vp"] < -900,
            ivar=spaxels["DVp"] ** -2.0,
            bin_id=spaxels["BIN_ID"].astype(int),
            dispersion=spaxels["Sp"],
            dispersion_ivar=spaxels["DSp"] ** -2.0,
            flux=spaxels["FLUX"],
        ),
        "NGC2974": VelocityField.from_arrays(
            table[:, 3],
            -table[:, 1],
            table[:, 2],
            ivar=table[:, 4] ** -2.0,
            dispersion=table[:, 5],
            dispersion_ivar=table[:, 6] ** -2.0,
        ),
    }


def _print(found):
    for values in (found.probabilities, found.groups):
        print("  " + ", ".join(f"{name} {value:.3f}" for name, value in values.items()))
    if found.flags:
        print(f"  {found.flags.description}")


def print_flags(options, run):
    """Areas under the ROC curve of cores and twists on the expert's flags of real fields."""
    catalogue = published_catalogue()
    fields = [
        field
        for field in velocity_fields(only=set(range(n_velocity_fields())))
        if catalogue[field.galaxy][f"{PREFIX[field.tracer]}_qual"] in ("1", "2")
    ]
    rows = np.array(run(classes_of_velocities, fields))
    feature = np.array(
        [int(catalogue[field.galaxy][f"{PREFIX[field.tracer]}_feature"]) for field in fields]
    )
    tracers = np.array([field.tracer for field in fields])
    print("\nROC areas on the expert's flags, of the class and of the feature it rests on")
    for column, (name, flag) in enumerate((("decoupled core", KDC), ("kinematic twist", WARP))):
        for tracer in PREFIX:
            these = (tracers == tracer) & np.isin(feature, (flag, NOTHING))
            areas = [area(rows[these, i], feature[these] == flag) for i in (column, column + 2)]
            print(f"  {name:16} {tracer:8} {areas[0]:.4f} {areas[1]:.4f}")


def classes_of_velocities(field):
    """Probabilities of a core and a twist, and of the features of these names."""
    found = field_features("profile", pa_profile(field))
    return (
        evidence.decoupled_core(found),
        evidence.kinematic_twist(found),
        found.kdc,
        found.warp,
    )
