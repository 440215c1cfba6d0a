"""Velocity fields, and the galaxies that they belong to."""

from mangapa._border import OFFSET, VELOCITY
from mangapa._galaxy import LIGHT, Galaxy
from mangapa._velocity_field import (
    TRACER_TITLES,
    TRACERS,
    VelocityField,
    check_field,
    check_tracer,
)

__all__ = [
    "LIGHT",
    "OFFSET",
    "TRACERS",
    "TRACER_TITLES",
    "VELOCITY",
    "Galaxy",
    "VelocityField",
    "check_field",
    "check_tracer",
]
