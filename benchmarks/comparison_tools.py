"""
Run other tools on a velocity field, each in an environment of its own.

Both get the good spaxels of the field, and the centre (0, 0). A result is a dictionary: ``pa``,
``pa_err`` (degrees), ``v_sys`` (km/s), ``axis_ratio``, ``rings`` (radius in arcsec and angle,
shape (2, n)) and ``cpu`` (seconds). What a tool does not give is missing, and the angle is NaN
where there is no answer.
"""

import json
import os
import resource
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from astropy.io import fits
from scipy.spatial import cKDTree

#: Width of the rings of BBarolo, arcsec: MaNGA's beam.
RING_WIDTH = 2.5
#: Inclination from which BBarolo starts, degrees; it is fitted.
FIRST_INCLINATION = 45.0
#: How far a bin without a map extends, in distances to the next one.
BIN_REACH = 0.75
#: BBarolo takes a tenth of a second, and does not end in some fields, seconds.
PATIENCE = 20
#: Error that pafit assumes where a field has none, km/s: its default.
DEFAULT_ERROR = 10.0
PAFIT = """
import importlib.metadata, json, sys, time
import numpy as np
from pafit.fit_kinematic_pa import fit_kinematic_pa
x, y, velocity, error = np.load(sys.argv[1])
median = np.median(velocity)
start = time.process_time()
# Its x grows to the right, hence to the West.
pa, interval, v_sys = fit_kinematic_pa(
    -x, y, velocity - median, quiet=True, plot=False, dvel=error
)
cpu = time.process_time() - start
version = importlib.metadata.version("pafit")
found = dict(pa=pa, pa_err=interval / 3, v_sys=median + v_sys, cpu=cpu, version=version)
print(json.dumps({name: value if name == "version" else float(value)
                  for name, value in found.items()}))
"""
BAROLO = """
FITSFILE {folder}/field.fits
2DFIT true
OUTFOLDER {folder}
OUTPREFIX field
SHOWBAR false
THREADS 1
NRADII {n_rings}
RADSEP {width}
XPOS {column}
YPOS {row}
VSYS {v_sys}
VROT {v_rot}
VDISP 10
Z0 0
INC {inclination}
PA {pa}
FREE VROT INC PA VSYS
MASK NONE
SIDE B
WFUNC 2
"""
#: One thread, as the measurements of mangapa use.
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def good_spaxels(field):
    """Return x, y (arcsec), velocity and error (km/s) of the good spaxels, shape (4, n)."""
    good = field.good
    ivar = None if field.ivar is None else field.ivar.value[good]
    error = np.full(np.count_nonzero(good), DEFAULT_ERROR) if ivar is None else ivar**-0.5
    return np.array([*(values.value[good] for values in (field.x, field.y, field.velocity)), error])


def run_pafit(python, field):
    """Fit a field with pafit, whose 3-sigma interval is divided by 3."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spaxels.npy"
        np.save(path, good_spaxels(field))
        run = subprocess.run(
            [python, "-c", PAFIT, path], env=ENVIRONMENT, check=True, capture_output=True, text=True
        )
    return json.loads(run.stdout.splitlines()[-1])


def run_barolo(executable, field, axis):
    """
    Fit a field with the tilted rings of BBarolo (2DFIT), which start at an axis of the field.

    BBarolo writes the parameters of each ring, without errors; the global ones here are their
    medians over the rings.
    """
    x, y, velocity, _ = good_spaxels(field)
    v_sys = np.median(velocity)
    angle = np.radians(axis)
    along = x * np.sin(angle) + y * np.cos(angle)
    # Beyond this the rings lack their major axis.
    on_axis = np.abs(x * np.cos(angle) - y * np.sin(angle)) < RING_WIDTH / 2
    reach = np.abs(along[on_axis]).max()
    first = axis if np.sum(along * (velocity - v_sys)) > 0 else axis + 180
    with tempfile.TemporaryDirectory() as folder:
        column, row = _write_image(Path(folder) / "field.fits", x, y, velocity)
        options = Path(folder) / "field.par"
        options.write_text(
            BAROLO.format(
                folder=folder,
                n_rings=int(reach / RING_WIDTH) + 1,
                width=RING_WIDTH,
                column=column,
                row=row,
                v_sys=v_sys,
                v_rot=np.percentile(np.abs(velocity - v_sys), 90),
                inclination=FIRST_INCLINATION,
                pa=first % 360,
            )
        )
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        try:
            subprocess.run(
                [executable, "-p", options],
                env=ENVIRONMENT,
                check=True,
                capture_output=True,
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired:
            return {"pa": np.nan, "v_sys": np.nan, "rings": np.empty((2, 0))}
        cpu = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        rings = np.loadtxt(Path(folder) / "field_2dtrm.txt", ndmin=2)
    _, radius, v_sys, _, _, pa, inclination, *_ = rings[np.isfinite(rings).all(axis=1)].T
    turn = (pa - first + 180) % 360 - 180
    return {
        "pa": (first + np.median(turn)) % 360,
        "axis_ratio": np.median(np.abs(np.cos(np.radians(inclination)))),
        "v_sys": np.median(v_sys),
        "rings": np.array([radius, first + turn]),
        "cpu": cpu,
    }


def barolo_version(executable):
    """Return the version of BBarolo."""
    run = subprocess.run([executable, "-v"], env=ENVIRONMENT, capture_output=True, text=True)
    return run.stdout.split("version")[1].split()[0]


def _write_image(path, x, y, velocity):
    """Write spaxels as an image, and return the centre's column and row, counted from 0."""
    # A list of bins has no grid: a pixel has the velocity of the nearest, if it is within that bin.
    tree = cKDTree(np.transpose([x, y]))
    gap = tree.query(tree.data, k=2)[0][:, 1]
    spaxel = np.median(gap)
    n_columns, n_rows = (int(np.round(np.ptp(side) / spaxel)) + 1 for side in (x, y))
    row, column = np.mgrid[:n_rows, :n_columns]
    places = np.stack([x.max() - spaxel * column, y.min() + spaxel * row], axis=-1)
    distance, nearest = tree.query(places)
    is_within = distance < BIN_REACH * gap[nearest]
    image = np.where(is_within, velocity[nearest], np.nan).astype(np.float32)
    header = fits.Header(
        {
            "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CUNIT1": "deg", "CUNIT2": "deg",
            "CRVAL1": 150.0, "CRVAL2": 0.0, "CDELT1": -spaxel / 3600, "CDELT2": spaxel / 3600,
            "CRPIX1": x.max() / spaxel + 1, "CRPIX2": 1 - y.min() / spaxel,
            "BMAJ": RING_WIDTH / 3600, "BMIN": RING_WIDTH / 3600, "BPA": 0.0, "BUNIT": "km/s",
        }
    )  # fmt: skip
    fits.writeto(path, image, header)
    return header["CRPIX1"] - 1, header["CRPIX2"] - 1
