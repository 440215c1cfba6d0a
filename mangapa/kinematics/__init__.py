"""Kinemetry's classes, the angle against the light, angular momentum and spin of galaxies."""

from mangapa.kinematics._kinematics import Kinematics

__all__ = ["Kinematics"]
