"""What rotation, dispersion and light tell of a galaxy together."""

from mangapa.kinematics._class_flags import ClassFlags
from mangapa.kinematics._classes import KinematicClasses, kinematic_classes

__all__ = ["ClassFlags", "KinematicClasses", "kinematic_classes"]
