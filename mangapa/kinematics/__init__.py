"""Kinematics of galaxies beyond the global position angle."""

from mangapa.kinematics._angular_momentum import angular_momentum
from mangapa.kinematics._angular_momentum_result import AngularMomentum
from mangapa.kinematics._class_flags import ClassFlags
from mangapa.kinematics._classes import KinematicClasses, kinematic_classes
from mangapa.kinematics._kinematics import Kinematics
from mangapa.kinematics._photometry import Photometry, photometry
from mangapa.kinematics._psi import PhotometricMisalignment, photometric_misalignment
from mangapa.kinematics._spin import spin_vector
from mangapa.kinematics._spin_vector import SpinAngle, SpinVector

__all__ = [
    "AngularMomentum",
    "ClassFlags",
    "KinematicClasses",
    "Kinematics",
    "PhotometricMisalignment",
    "Photometry",
    "SpinAngle",
    "SpinVector",
    "angular_momentum",
    "kinematic_classes",
    "photometric_misalignment",
    "photometry",
    "spin_vector",
]
