"""Types of arguments that many functions share."""

import os
from typing import TypeAlias

from astropy import units as u
from numpy.typing import ArrayLike

__all__ = ["ArrayLike", "PathLike", "ScalarLike"]

PathLike: TypeAlias = str | os.PathLike[str]
#: A number, in the documented unit if it has none of its own.
ScalarLike: TypeAlias = float | u.Quantity
