"""
A misaligned galaxy
===================

How certain is a misalignment? That depends on both errors, and on whether the fields can be used.
"""

import numpy as np
from astropy import units as u
from matplotlib import pyplot as plt

import mangapa

galaxy = mangapa.simulate_galaxy(
    n_fibres=37,
    pa_stellar=60,
    pa_halpha=98,
    inclination=35,
    v_max=90,
    snr=4,
    correlated=True,
    seed=3,
)
measurement = mangapa.measure(galaxy)
measurement.plot()

# %%
# The error of the misalignment combines those of both angles. A galaxy is "misaligned" above 30
# degrees and "counter-rotating" above 150.
offset = measurement.misalignment
print(offset, offset.misaligned, offset.counter_rotating)
print(f"{(offset.angle - 30 * u.deg) / offset.error:.1f} sigma above 30 degrees")

# %%
# Are the errors calibrated? If they are, the differences from the true angle, divided by the
# errors, are normally distributed. Here are two hundred galaxies like this one, each with its own
# noise.
pulls = []
for seed in range(200):
    galaxy = mangapa.simulate_galaxy(
        n_fibres=37,
        pa_stellar=60,
        inclination=35,
        v_max=90,
        snr=4,
        correlated=True,
        seed=seed,
    )
    result = mangapa.fit_pa(galaxy.stellar)
    pulls.append((result.pa - 60 * u.deg) / result.pa_err)

bins = np.linspace(-4, 4, 25)
figure, ax = plt.subplots(layout="constrained")
ax.hist(
    np.array(pulls),
    bins,
    color="#0072B2",
    density=True,
    label="simulated galaxies",
)
ax.plot(
    bins,
    np.exp(-(bins**2) / 2) / np.sqrt(2 * np.pi),
    color="black",
    label="normal",
)
ax.set(xlabel="(measured - true angle) / error", ylabel="share")
ax.legend()
print(f"standard deviation {np.std(pulls):.2f}")
