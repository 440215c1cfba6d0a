"""Kinematics of galaxies beyond the global position angle."""

from mangapa.kinematics._kinematics import Kinematics
from mangapa.kinematics._photometry import Photometry, photometry
from mangapa.kinematics._psi import PhotometricMisalignment, photometric_misalignment

__all__ = [
    "Kinematics",
    "PhotometricMisalignment",
    "Photometry",
    "photometric_misalignment",
    "photometry",
]
