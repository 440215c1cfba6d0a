"""
A whole survey
==============

Measure many galaxies in one call, which can be interrupted and resumed, and read the catalogue.
"""

import tempfile
from pathlib import Path

import numpy as np
from astropy import units as u
from matplotlib import pyplot as plt

import mangapa
from mangapa.catalogue import share
from mangapa.runs import catalogue

# %%
# Forty small galaxies; in a quarter of them the gas has a random position angle. One of the files
# is truncated.
folder = Path(tempfile.mkdtemp())
rng = np.random.default_rng(1)
for number in range(40):
    pa = rng.uniform(0, 360)
    galaxy = mangapa.simulate_galaxy(
        plateifu=f"{8000 + number}-1901",
        n_fibres=19,
        pa_stellar=pa,
        pa_halpha=(rng.uniform(0, 360) if number % 4 == 0 else pa + rng.normal(scale=5)) % 360,
        snr=rng.uniform(5, 40),
        seed=number,
    )
    path = mangapa.write_maps(galaxy, folder / f"manga-{galaxy.plateifu}-MAPS-VOR10.fits.gz")
_ = path.write_bytes(path.read_bytes()[:5000])

# %%
# A run is a folder. If ``survey`` is interrupted, call it again to continue. In a script, call it
# under ``if __name__ == "__main__":``, because its workers are new processes.
summary = mangapa.survey(folder, folder / "run", jobs=2, progress=False)
print(summary)
print(summary.failures[0][1].replace(str(folder), "..."))

# %%
# The catalogue has units, descriptions and provenance. A galaxy that failed has a row with the
# reason.
table = catalogue(folder / "run")
table[
    "plateifu",
    "stellar_pa",
    "stellar_pa_err",
    "halpha_pa",
    "halpha_pa_err",
    "pa_offset",
][:5]

# %%
# What share is misaligned, among the galaxies whose fields are both usable?
print(share(table, "misaligned", of="misalignment"))

figure, ax = plt.subplots(layout="constrained")
offset = table["pa_offset"].to_value(u.deg)
ax.hist(offset[np.isfinite(offset)], np.arange(0, 181, 10), color="#0072B2")
for angle in (30, 150):
    ax.axvline(angle, color="0.4", ls="--")
ax.set(
    xlabel="misalignment of stars and gas (deg)",
    ylabel="galaxies",
    xlim=(0, 180),
)
