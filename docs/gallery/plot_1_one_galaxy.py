"""
One galaxy
==========

From a MAPS file to the position angles of the stars and the gas, step by step.
"""

import tempfile
from pathlib import Path

import mangapa

# %%
# This galaxy is simulated; one spaxel in fifty has a spurious velocity. Replace its path by that of
# a real file.
folder = Path(tempfile.mkdtemp())
mock = mangapa.simulate_galaxy(
    pa_stellar=130,
    pa_halpha=140,
    snr=40,
    outliers=0.02,
    psf=2.5,
    dithered=True,
    seed=1,
)
path = mangapa.write_maps(mock, folder / "manga-9999-12701-MAPS-HYB10-MILESHC-MASTARSSP.fits.gz")

galaxy = mangapa.read_maps(path)
galaxy

# %%
# The field of the stars as it is in the file. The colours span all but the most extreme velocities.
galaxy.stellar.plot()

# %%
# ``clean`` rejects spuriously high velocities and regions that are not connected to the galaxy. It
# records the reason for each spaxel, and the figure draws rejected spaxels faint.
stars = mangapa.clean(galaxy.stellar)
stars.plot()

# %%
# The position angle is the direction in which the stars recede, from North through East.
result = mangapa.fit_pa(stars)
print(result)
result.plot()

# %%
# ``measure`` takes all these steps for both fields, and predicts whether they can be used. Its
# result draws them together.
measurement = mangapa.measure(path)
measurement.plot()
print(measurement.misalignment)
