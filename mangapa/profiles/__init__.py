"""Rotation against radius: the position angle and kinemetry on rings, and features in them."""

from mangapa.profiles._features import Features, FieldFeatures, features
from mangapa.profiles._kinemetry import Kinemetry
from mangapa.profiles._profile import PAProfile, galaxy_profiles, pa_profile

__all__ = [
    "Features",
    "FieldFeatures",
    "Kinemetry",
    "PAProfile",
    "features",
    "galaxy_profiles",
    "pa_profile",
]
