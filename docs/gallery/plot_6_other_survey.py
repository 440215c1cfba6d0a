"""
Another survey's map
====================

A velocity field is three arrays; nothing in it is specific to MaNGA.
"""

import numpy as np

import mangapa

# %%
# A synthetic map of the size of SAMI's: spaxels of 0.5 arcsec in a circle of 15 arcsec. Offsets are
# in arcsec from the galaxy's centre; x increases to the East, here to the left, and y to the North.
rng = np.random.default_rng(2)
x, y = np.meshgrid(np.arange(8, -8.1, -0.5), np.arange(-8, 8.1, 0.5))
angle = np.radians(250)
along = x * np.sin(angle) + y * np.cos(angle)
across = (x * np.cos(angle) - y * np.sin(angle)) / 0.6
velocity = 3120 + 150 * along / np.hypot(np.hypot(along, across), 2)
error = 5 + np.hypot(x, y)
velocity += rng.normal(scale=error)

field = mangapa.VelocityField.from_arrays(
    velocity,
    x,
    y,
    mask=np.hypot(x, y) > 7.5,
    ivar=error**-2.0,
    galaxy="SAMI 9999",
)

# %%
# The zero point of the velocities does not matter, because the systemic velocity is fitted too.
result = mangapa.fit_pa(mangapa.clean(field))
print(result, result.v_sys)
result.plot()

# %%
# To read the files of a survey, register a function that returns a ``Galaxy``; see
# :ref:`how to extend mangapa <extend>`.
