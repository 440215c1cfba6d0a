"""
Judge real fields of other surveys, and fields of MaNGA as other surveys would see them.

    python benchmarks/usability_travels.py                # the shipped model
    python benchmarks/usability_travels.py --model RUN    # one that benchmarks/usability.py trained

For each file of the shared folder ``surveys``: the angle, how far it is from the published one
where GHASP's table has one, the score and the unfamiliarity. Then, for one in ten of MaNGA's
fields, the share that is flagged as unfamiliar, and the same for other views of them. The metrics
of fields and views that a network has not seen are on the card of a model.
"""

import argparse
import csv
import json
import warnings

import numpy as np
from astropy.io import fits
from published_angles import apart
from real_fields import SHARED_DATA, n_velocity_fields, velocity_fields

from mangapa import Galaxy, UsabilityFlags, VelocityField, clean, fit_pa, usability
from mangapa.usability import load_model
from mangapa.usability._augmentation import varied

SURVEYS = SHARED_DATA / "surveys"
#: Reference pixels of GHASP's frames before they were cut; the table counts from their corner.
FRAMES = (257, 129)
STEP = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.strip().split("\n\n")[0])
    parser.add_argument("--model", default="default")
    options = parser.parse_args()
    card = load_model(options.model).card
    print(json.dumps({name: card.get(name) for name in ("numbers", "numbers_of_views")}, indent=1))
    print_surveys(options.model)
    print_manga(options.model)


def print_surveys(model):
    right, usable = 0, 0
    for name, field, published in ghasp():
        found = judge(f"GHASP {name}", field, model, published)
        right += apart(found, published, 360) <= 10
        usable += bool(usability(cleaned(field), model=model).usable)
    print(f"GHASP: {right} within 10 deg, {usable} judged usable")
    for path in sorted(SURVEYS.glob("*/*.fits*")):
        if path.parent.name in ("ghasp", "catalogues"):
            continue
        try:
            galaxy = Galaxy.read(path)
        except OSError as error:
            print(f"{path.name}: {str(error)[:80]}")
            continue
        for field in filter(None, (galaxy.stellar, galaxy.halpha)):
            judge(f"{path.parent.name} {path.name[:48]}", field, model)


def ghasp():
    """Yield the name, the field and the published angle of each galaxy."""
    with open(SURVEYS / "ghasp" / "epinat_parameters.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        velocity, header = fits.getdata(
            SURVEYS / "ghasp" / f"ugc{row['ugc']}_rv_bin.fits.gz", header=True
        )
        middle = np.median(np.argwhere(np.isfinite(velocity))[:, ::-1], axis=0)
        table = np.array([float(row["x"]), float(row["y"])])
        cut = np.array([header["CRPIX1"], header["CRPIX2"]])
        centre = min((table - (f - cut) for f in FRAMES), key=lambda c: np.hypot(*(c - middle)))
        index = np.indices(velocity.shape)[::-1] - centre[:, None, None]
        along, up = (3600 * header[f"CDELT{k + 1}"] * index[k] for k in (0, 1))
        turn = np.radians(header.get("CROTA2", 0))
        x, y = along * np.cos(turn) - up * np.sin(turn), along * np.sin(turn) + up * np.cos(turn)
        field = VelocityField.from_arrays(velocity, x, y, tracer="halpha", galaxy=row["ugc"])
        yield row["ugc"], field, float(row["pa"]) % 360


def cleaned(field):
    """Only the nodes of GHASP's bins have values: none of them is near another."""
    return clean(field, min_region=0)


def judge(name, field, model, published=np.nan):
    """Print what is found for a field; returns its angle, degrees."""
    field = cleaned(field)
    pa, judged = fit_pa(field), usability(field, model=model)
    print(
        f"{name:58s} {pa.pa.value:6.1f} +- {pa.pa_err.value:4.1f}"
        f" ({apart(pa.pa.value, published, 360):5.1f}) {judged}, {judged.unfamiliarity:.2f}"
    )
    return pa.pa.value


def print_manga(model):
    fields = list(velocity_fields(only=set(range(0, n_velocity_fields(), STEP))))
    views = [varied(one, np.random.default_rng((0, i))) for i, one in enumerate(fields)]
    for name, some in (("MaNGA", fields), ("other views", views)):
        judged = usability(some, model=model)
        flagged = np.mean([bool(one.flags & UsabilityFlags.UNFAMILIAR) for one in judged])
        share = np.mean([one.usable for one in judged])
        print(f"{name}: {len(some)} fields, {flagged:.3f} unfamiliar, {share:.3f} usable")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
