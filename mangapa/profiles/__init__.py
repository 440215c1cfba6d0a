"""Rotation against radius: the position angle and kinemetry on rings, and features in them."""

from mangapa.profiles._ellipse_terms import EllipseTerms
from mangapa.profiles._features import Features, FieldFeatures, features
from mangapa.profiles._kinemetry import Kinemetry
from mangapa.profiles._kinemetry_profile import kinemetry
from mangapa.profiles._kinemetry_table import KinemetryProfile
from mangapa.profiles._profile import PAProfile, galaxy_profiles, pa_profile

__all__ = [
    "EllipseTerms",
    "Features",
    "FieldFeatures",
    "Kinemetry",
    "KinemetryProfile",
    "PAProfile",
    "features",
    "galaxy_profiles",
    "kinemetry",
    "pa_profile",
]
