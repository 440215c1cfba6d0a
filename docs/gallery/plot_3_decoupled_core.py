"""
A counter-rotating core
=======================

One angle is not all of a field: this galaxy's core turns the other way.
"""

import mangapa

galaxy = mangapa.simulate_galaxy(n_fibres=61, pa_stellar=40, core_radius=4, snr=20, seed=3)
measurement = mangapa.measure(galaxy)
measurement.plot()

# %%
# The global angle is that of the outer parts. Ring by ring there is more to see:
profile = measurement.stellar_profile
print(profile["radius", "pa", "pa_err", "k1", "coverage"])
profile.plot(result=measurement.stellar)

# %%
# ``features`` tells what stands out, with probabilities: ``found`` is what is beyond two standard
# deviations of the noise, ``kdc`` the probability that an expert would flag such a field as one
# with a kinematically decoupled core.
stars = measurement.features.stellar
print(stars.found)
print(f"turned by {stars.kdc_turn:.0f} within {stars.kdc_radius:.1f}, probability {stars.kdc:.2f}")

# %%
# A warp turns slowly. It is found by a straight line through the angles.
warped = mangapa.simulate_galaxy(n_fibres=127, pa_stellar=40, inclination=40, warp=50, seed=4)
profile = mangapa.pa_profile(warped.halpha, axis_ratio=1)
profile.plot()
print(mangapa.features(warped, profiles={"halpha": profile}).halpha)
