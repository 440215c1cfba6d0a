"""
A counter-rotating core
=======================

One angle does not describe a whole field: the core of this galaxy rotates the other way.
"""

import mangapa

galaxy = mangapa.simulate_galaxy(
    n_fibres=61,
    pa_stellar=40,
    core_radius=4,
    snr=20,
    psf=1.5,
    dithered=True,
    seed=3,
)
measurement = mangapa.measure(galaxy)
measurement.plot()

# %%
# The global angle is that of the outer parts. The angles on rings show the core as well:
profile = measurement.stellar_profile
print(profile["radius", "pa", "pa_err", "k1", "coverage"])
profile.plot(result=measurement.stellar)

# %%
# ``features`` gives the kinematic features and their probabilities. ``found`` names those that
# exceed the noise by two standard deviations; ``kdc`` is the probability that an expert would flag
# such a field as one with a kinematically decoupled core.
stars = measurement.features.stellar
print(stars.found)
print(f"turned by {stars.kdc_turn:.0f} within {stars.kdc_radius:.1f}, probability {stars.kdc:.2f}")

# %%
# In a warp the angle changes slowly. It is found by fitting a straight line to the angles.
warped = mangapa.simulate_galaxy(n_fibres=127, pa_stellar=40, inclination=40, warp=50, seed=4)
profile = mangapa.pa_profile(warped.halpha)
profile.plot()
print(mangapa.features(warped, profiles={"halpha": profile}).halpha)
