"""All kinematics of a galaxy, from what a measurement has prepared and fitted already."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u

from mangapa._utils.html import as_html, as_text
from mangapa.fields import OFFSET
from mangapa.kinematics._angular_momentum import momentum_of
from mangapa.kinematics._angular_momentum_result import AngularMomentum
from mangapa.kinematics._classes import KinematicClasses, classes_of
from mangapa.kinematics._photometry import Photometry, light_of
from mangapa.kinematics._psi import PhotometricMisalignment, psi_of
from mangapa.kinematics._sources import radius_of
from mangapa.kinematics._spin import spin_vector
from mangapa.kinematics._spin_vector import SpinVector
from mangapa.profiles._kinemetry_profile import kinemetry_prepared
from mangapa.profiles._kinemetry_table import KinemetryProfile

__all__ = ["Kinematics"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Kinematics:
    """
    What the option ``columns="kinematics"`` adds to a measurement, for one tracer.

    Attributes
    ----------
    kinemetry : `~mangapa.KinemetryProfile`
        Ellipses and harmonic terms against radius, with free ellipses, and the mean k5/k1.
    classes : `~mangapa.KinematicClasses`
        Probabilities of the kinematic classes and groups.
    photometric_misalignment : `~mangapa.PhotometricMisalignment`
        The angle between the rotation and the light.
    angular_momentum : `~mangapa.AngularMomentum`
        lambda_R and V/sigma within the effective radius.
    spin : `~mangapa.SpinVector`
        The direction of the angular momentum, both solutions where the near side is not known.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=37, pa_stellar=30, inclination=60)
    >>> measurement = mangapa.measure(galaxy, columns="kinematics")
    >>> measurement["stellar"].kinematics.classes.regular_rotator > 0.5
    True
    """

    kinemetry: KinemetryProfile
    classes: KinematicClasses
    photometric_misalignment: PhotometricMisalignment
    angular_momentum: AngularMomentum
    spin: SpinVector

    @property
    def photometry(self) -> Photometry:
        """Position angle and ellipticity of the light."""
        return self.photometric_misalignment.photometric

    @property
    def group(self) -> str | None:
        """Letter of the most probable group of Krajnovic et al. (2011), a-f; `None` if unknown."""
        known = {name: p for name, p in self.classes.groups.items() if np.isfinite(p)}
        return max(known, key=known.__getitem__) if known else None

    @property
    def group_probability(self) -> float:
        """Probability of the most probable group; NaN if no group is known."""
        return np.nan if self.group is None else float(self.classes.groups[self.group])

    def __repr__(self):
        group = f"group {self.group} ({self.group_probability:.2f})" if self.group else "no group"
        return (
            f"<Kinematics: k51 {self.kinemetry.k51:.3f} +- {self.kinemetry.k51_err:.3f}, {group}, "
            f"{self.photometric_misalignment!r}, {self.angular_momentum!r}, {self.spin!r}>"
        )

    def _repr_html_(self):
        apart = self.photometric_misalignment
        rows = [
            ("k5 / k1", as_text(self.kinemetry.k51, self.kinemetry.k51_err, decimals=3)),
            ("Classes", repr(self.classes)),
            ("Group", self.group and f"{self.group} ({self.group_probability:.2f})"),
            ("Angle to the light", as_text(apart.angle, apart.error)),
            ("Angular momentum", repr(self.angular_momentum)),
            ("Spin", repr(self.spin)),
        ]
        return as_html("Kinematics", rows)


def kinematics_together(given, galaxy):
    """
    The `Kinematics` of the tracers of a galaxy, whose light is measured once.

    ``given`` has the prepared field, `~mangapa.KinematicPA` and `FieldFeatures` of each.
    """
    light = light_of(galaxy)
    return [kinematics_of(*one, galaxy=galaxy, light=light) for one in given]


def kinematics_of(prepared, pa, features, *, galaxy, light):
    """
    `Kinematics` of a prepared field; nothing is prepared or fitted again.

    ``pa`` is its `~mangapa.KinematicPA`, ``features`` are its `FieldFeatures`, and ``light`` is the
    `Photometry` of the galaxy.
    """
    radius = radius_of(galaxy)
    profile = kinemetry_prepared(prepared, effective_radius=radius)
    return Kinematics(
        kinemetry=profile,
        classes=classes_of(
            prepared,
            profile,
            features,
            effective_radius=np.nan if radius is None else radius.to_value(OFFSET),
            photometric_pa=light.pa.to_value(u.deg),
            ellipticity=light.ellipticity,
        ),
        photometric_misalignment=psi_of(pa, light),
        angular_momentum=momentum_of(prepared, galaxy, light),
        spin=spin_vector(pa, position=galaxy.centre),
    )
