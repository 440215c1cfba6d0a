"""Kinds of columns of a catalogue: unit, decimals or type, and UCD."""

from astropy import units as u

#: Unit, decimals or type, and UCD of columns of one kind.
VERSION, CODE = (None, str, "meta.version"), (None, int, "meta.code.qual")
ANGLE, ANGLE_ERROR = (u.deg, 1, "pos.posAng"), (u.deg, 1, "stat.error;pos.posAng")
TURN, TURN_ERROR = (u.deg, 1, "pos.angDistance"), (u.deg, 1, "stat.error;pos.angDistance")
PROBABILITY = (None, 2, "stat.probability")
