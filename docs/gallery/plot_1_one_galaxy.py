"""
One galaxy
==========

From a MAPS file to the position angles of the stars and the gas, one step at a time.
"""

import tempfile
from pathlib import Path

import mangapa

# %%
# This galaxy is simulated, with wild velocities in one spaxel of fifty. Put the path of a true
# file in its place.
folder = Path(tempfile.mkdtemp())
mock = mangapa.simulate_galaxy(pa_stellar=130, pa_halpha=140, snr=15, outliers=0.02, seed=1)
path = mangapa.write_maps(mock, folder / "manga-9999-12701-MAPS-HYB10-MILESHC-MASTARSSP.fits.gz")

galaxy = mangapa.read_maps(path)
galaxy

# %%
# The field of the stars as it is in the file. Colours span all but the wildest velocities.
galaxy.stellar.plot()

# %%
# ``clean`` removes spuriously high velocities and regions cut off from the galaxy, and remembers
# what and why: what it removed is faint.
stars = mangapa.clean(galaxy.stellar)
stars.plot()

# %%
# The angle, with its error: the direction in which the stars recede, from North through East.
result = mangapa.fit_pa(stars)
print(result)
result.plot()

# %%
# ``measure`` goes the whole way for both fields, judges whether they can be used, and draws all
# of it.
measurement = mangapa.measure(path)
measurement.plot()
print(measurement.misalignment)
