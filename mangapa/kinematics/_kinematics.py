"""All kinematics of one tracer, from what a measurement has prepared and fitted already."""

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Kinematics"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Kinematics:
    """
    What the option ``columns="kinematics"`` adds to a measurement, for one tracer.

    Attributes
    ----------
    kinemetry : `~mangapa.profiles.KinemetryProfile`
    """

    kinemetry: Any
    classes: Any
    photometric_misalignment: Any
    angular_momentum: Any
    spin: Any
    photometry: Any

    @property
    def group(self) -> str | None:
        """Letter of the most probable group of Krajnovic et al. (2011), a-f; `None` if unknown."""
        known = {name: p for name, p in self.classes.groups.items() if np.isfinite(p)}
        return max(known, key=known.__getitem__) if known else None

    @property
    def group_probability(self) -> float:
        """Its probability; NaN if no group is known."""
        group = self.group
        return np.nan if group is None else float(self.classes.groups[group])


def kinematics_together(given, galaxy):
    raise NotImplementedError
