"""
Angles between the rotation and the light of real galaxies, and whether their errors are right.

    python benchmarks/psi.py [--discs]

The error of a photometric axis has one constant, the standard deviation of the elongation that
discs have when seen face-on. It is fitted to galaxies with even MaNGA-IDs such that 68 % of the
angles are within one error, and tried on those with odd ones; repeat observations share an ID. The
fields are clean by the expert's flags and without a feature, and the axes of the light are those of
the NASA-Sloan Atlas, which MAPS files state in their headers. Further, the light of single galaxies
is measured, and compared with published photometry and between repeat observations.

With ``--discs``, the shape of the light of simulated discs is measured instead: inclined discs of a
thickness of 0.2 with and without a bulge, in the footprints and the beam of MaNGA, with noise that
neighbouring spaxels share.
"""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations, pairwise
from multiprocessing import get_context

import numpy as np
from real_fields import SHARED_DATA, number, published_catalogue, velocity_fields
from scipy.ndimage import gaussian_filter
from scipy.optimize import brentq
from tqdm import tqdm

from mangapa import Galaxy, Photometry, VelocityField, fit_pa, photometric_misalignment, photometry
from mangapa._utils.robust import FWHM
from mangapa.kinematics import _photometry
from mangapa.kinematics._isophotes import outer_isophotes
from mangapa.kinematics._psi import psi_of

#: Quality and feature by tracer in the catalogue.
FLAGS = {"stellar": ("stel_qual", "stel_feature"), "halpha": ("halpha_qual", "halpha_feature")}
CLEAN, NO_FEATURE = "2", "0"
#: Axis ratio up to which a galaxy counts as inclined.
INCLINED = 0.8
BINS = (0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
SHARES = (68.3, 95.4)
TARGET = 1.1
#: Half of the width of the footprints of MaNGA, full width of its beam, and spaxel, arcsec.
FOOTPRINTS, BEAM, SPAXEL = (6.3, 8.8, 11.3, 13.8, 16.3), 2.5, 0.5
DISC_BINS = (0.2, 0.35, 0.5, 0.7, 0.85, 1.0)
SURVEYS = SHARED_DATA / "surveys"
#: Files whose light is measured, with the published angle and ellipticity (Krajnovic et al. 2011,
#: Table D1), or none.
OTHERS = {
    "atlas3d/NGC4570_4moments_ATLAS3d.fits": (159.3, 0.73),
    "califa/NGC6278.V1200.rscube_INDOUSv2_SN20_stellar_kin.fits": (125.8, 0.45),
    "atlas3d/NGC2974_SAURON_kinematics.dat": (44.2, 0.37),
    **{f"sami/41144_{letter}_stellar-velocity_default_two-moment.fits": None for letter in "ABCD"},
}


def wanted_fields():
    """Return mangaid, axis ratio and angle of the light of each clean field."""
    wanted = {}
    for row in published_catalogue().values():
        ratio, angle = number(row["nsa_elpetro_ba"]), number(row["nsa_elpetro_phi"])
        if not (0 < ratio < 1 and np.isfinite(angle) and row["mangaid"]):
            continue
        for tracer, (quality, feature) in FLAGS.items():
            if row[quality] == CLEAN and row[feature] == NO_FEATURE:
                wanted[row["plateifu"], tracer] = row["mangaid"], ratio, angle
    return wanted


def ratios(angles, rows, constant):
    """Return the angle in units of its error for each field, with this constant of the errors."""
    before, _photometry.DISC_SHAPE = _photometry.DISC_SHAPE, constant
    try:
        found = [
            psi_of(one, Photometry.from_values(angle, 1 - ratio))
            for one, (_, ratio, angle) in zip(angles, rows, strict=True)
        ]
    finally:
        _photometry.DISC_SHAPE = before
    return np.array([(one.angle / one.error).value for one in found])


def fit_constant(angles, rows):
    """Return the constant with which 68 % of the angles are within one error."""

    def excess(constant):
        return np.percentile(ratios(angles, rows, constant), SHARES[0]) - 1

    return brentq(excess, 0.02, 0.4, xtol=1e-4)


def report(title, found):
    """Print percentiles of angles in units of their errors, with their standard error."""
    rng = np.random.default_rng(0)
    scatter = np.std([np.percentile(rng.choice(found, found.size), SHARES[0]) for _ in range(200)])
    one, two = np.percentile(found, SHARES)
    mark = "*" if one > TARGET else " "
    print(f"{title:34} 68 %: {one:.2f} +- {scatter:.2f}{mark} 95 %: {two:.2f}  ({found.size})")


def maps(jobs):
    """Compare with the light of MaNGA galaxies."""
    wanted = wanted_fields()
    fields = [f for f in velocity_fields() if (f.galaxy, f.tracer) in wanted]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        angles = list(tqdm(pool.map(fit_pa, fields, chunksize=16), total=len(fields)))
    rows = [wanted[f.galaxy, f.tracer] for f in fields]
    tracers = np.array([f.tracer for f in fields])
    even = np.array([int(mangaid.split("-")[1]) % 2 == 0 for mangaid, _, _ in rows])
    axis_ratio = np.array([ratio for _, ratio, _ in rows])
    inclined = axis_ratio < INCLINED
    chosen = np.flatnonzero(even & inclined & (tracers == "stellar"))
    fitted = fit_constant([angles[i] for i in chosen], [rows[i] for i in chosen])
    print(f"elongation of discs: {fitted:.4f} fitted to {chosen.size}, ", end="")
    print(f"{_photometry.DISC_SHAPE} in use")
    found = ratios(angles, rows, _photometry.DISC_SHAPE)
    print(f"angle over error; * marks a missed target of {TARGET}")
    for tracer in FLAGS:
        for name, half in (("even", even), ("odd", ~even)):
            title = f"{tracer}, inclined, {name}"
            report(title, found[half & inclined & (tracers == tracer)])
    for low, high in pairwise(BINS):
        within = (axis_ratio >= low) & (axis_ratio < high) & (tracers == "stellar")
        report(f"stellar, axis ratio {low}-{high}", found[within])


def others():
    """Measure the light of single galaxies."""
    pairs = {}
    for name, published in OTHERS.items():
        galaxy = Galaxy.read(SURVEYS / name)
        light = photometry(galaxy, source="flux")
        psi = photometric_misalignment(galaxy, photometry=light)
        print(f"{galaxy.full_name:10} {light!r} Psi {psi!r}")
        if published is None:
            pairs[galaxy.full_name] = light, psi
        else:
            stated = psi_of(psi.kinematic, Photometry.from_values(*published))
            angle, flatness = published
            print(f"{'':10} published {angle}, {flatness}: with our rotation {stated!r}")
    for (one, (light, psi)), (other, (light2, psi2)) in combinations(pairs.items(), 2):
        apart = abs((light.pa - light2.pa).value + 90) % 180 - 90
        print(
            f"{one} against {other}: light {apart:.1f} deg apart; "
            f"Psi {abs((psi.angle - psi2.angle).value):.1f}, "
            f"errors {psi.error.value:.1f} and {psi2.error.value:.1f}"
        )
    for path in sorted(SHARED_DATA.glob("manga-*-MAPS-*.fits.gz")):
        galaxy = Galaxy.read(path)
        for source in ("header", "flux"):
            photometry(galaxy, source=source)
            start = time.perf_counter()
            light = photometry(galaxy, source=source)
            took = 1e3 * (time.perf_counter() - start)
            psi = photometric_misalignment(galaxy, photometry=light)
            print(f"{galaxy.name:10} {light!r} {took:.2f} ms, Psi {psi!r}")


def simulated(rng):
    """Return a simulated field with light, the angle and the axis ratio of its disc."""
    half = rng.choice(FOOTPRINTS)
    pa, ratio = rng.uniform(0, 180), np.hypot(0.2, np.sqrt(0.96) * rng.uniform(0.1, 0.95))
    effective_radius, bulge = half / rng.choice([1.5, 2.5]), rng.choice([0, 0.6])
    steps = SPAXEL * np.arange(-int(half / SPAXEL) - 3, int(half / SPAXEL) + 4)
    x, y = np.meshgrid(-steps, steps)
    sine, cosine = np.sin(np.radians(pa)), np.cos(np.radians(pa))
    along, across = x * sine + y * cosine, x * cosine - y * sine
    light = np.exp(-1.68 * np.hypot(along, across / ratio) / effective_radius)
    # A bulge is rounder and smaller.
    size = 0.15 * effective_radius
    light += bulge * np.exp(-np.hypot(along, across / max(ratio, 0.6)) / size)
    light = gaussian_filter(light, BEAM / FWHM / SPAXEL)
    noise = gaussian_filter(rng.normal(size=light.shape), 1.0)
    # The ratio of signal to noise is that at the effective radius.
    light += np.exp(-1.68) / rng.choice([8, 30]) * noise / noise.std()
    inside = np.all(
        [np.abs(x * np.cos(t) + y * np.sin(t)) < 0.93 * half for t in np.radians([0, 60, 120])],
        axis=0,
    )
    field = VelocityField.from_arrays(x, x, y, mask=~inside, flux=light)
    return field, half, pa, ratio


def discs(number):
    """Compare the shape of the light of simulated discs with the truth."""
    rng = np.random.default_rng(0)
    rows = []
    for _ in tqdm(range(number)):
        field, half, pa, ratio = simulated(rng)
        for beam in (0.0, BEAM):
            found = outer_isophotes(field, beam)
            angle = (found.pa - pa + 90) % 180 - 90
            off = found.axis_ratio - ratio
            rows.append((beam, half, ratio, angle, found.pa_scatter, off, found.axis_ratio_scatter))
    beam, half, ratio, angle, pa_scatter, off, ratio_scatter = np.array(rows).T
    print("axis ratio  |angle| at 68 %  scatter  error of axis ratio: without beam, with; scatter")
    for low, high in pairwise(DISC_BINS):
        within = (ratio >= low) & (ratio < high) & (beam == BEAM)
        without = (ratio >= low) & (ratio < high) & (beam == 0)
        print(
            f"{low:.2f}-{high:.2f} {np.percentile(np.abs(angle[within]), SHARES[0]):13.2f} "
            f"{np.median(pa_scatter[within]):12.2f} {np.median(off[without]):21.3f} "
            f"{np.median(off[within]):14.3f} +- {np.std(off[within]):.3f} "
            f"{np.median(ratio_scatter[within]):7.3f}"
        )
    for one in FOOTPRINTS:
        chosen = (half == one) & (ratio < 0.6)
        print(f"footprint of {one} arcsec, axis ratio < 0.6: ", end="")
        print(*(f"{np.median(off[chosen & (beam == b)]):.3f}" for b in (0, BEAM)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument(
        "--discs", nargs="?", type=int, const=500, metavar="N", help="simulate N discs instead"
    )
    options = parser.parse_args()
    if options.discs:
        discs(options.discs)
    else:
        maps(options.jobs)
        others()


if __name__ == "__main__":
    main()
