"""What the fields say of a galaxy's dynamics: angular momentum and the direction of its spin."""

from mangapa.kinematics._angular_momentum import angular_momentum
from mangapa.kinematics._angular_momentum_result import AngularMomentum
from mangapa.kinematics._spin import spin_vector
from mangapa.kinematics._spin_vector import SpinAngle, SpinVector

__all__ = [
    "AngularMomentum",
    "SpinAngle",
    "SpinVector",
    "angular_momentum",
    "spin_vector",
]
