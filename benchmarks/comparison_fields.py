"""The fields of docs/comparison.rst, and what has been published about them."""

from dataclasses import dataclass

import numpy as np
from claims_simulated import mean_angle
from real_fields import SHARED_DATA, radon_example
from simulated_fields import simulated_fields

import mangapa

#: Fields read from files: tracer and path.
FILES = {
    "8080-12701": ("stellar", "manga-8080-12701-MAPS-VOR10-GAU-MILESHC.fits.gz"),
    "7815-3702": ("stellar", "manga-7815-3702-MAPS-HYB10-GAU-MILESHC.fits.gz"),
    "NGC 2974": ("stellar", "surveys/atlas3d/NGC2974_SAURON_kinematics.dat"),
    "NGC 4570": ("stellar", "surveys/atlas3d/NGC4570_4moments_ATLAS3d.fits"),
    "NGC 6278": (
        "stellar",
        "surveys/califa/NGC6278.V1200.rscube_INDOUSv2_SN20_stellar_kin.fits",
    ),
    "NGC 7321": ("halpha", "surveys/moment/NGC7321.vel_map.fits"),
    "SAMI 41144 A": ("stellar", "surveys/sami/41144_A_stellar-velocity_default_two-moment.fits"),
}
#: The example of the Radon transform, which has a file of its own.
RADON = "8082-6102"
REAL = (*FILES, RADON)
#: Radii of the angles against radius, arcsec.
RADII = (2.5, 5.0, 7.5)
#: Families of simulated fields, of which the first are used.
FAMILIES = ("plain", "warp", "kdc", "bar", "nirvana-axi", "nirvana-bisym")
N_SIMULATED = 20

KRAJNOVIC = "Krajnović et al. 2011, table D1"
DUCKWORTH = "Duckworth et al. 2020"
SAMI = "SAMI DR3"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A number of the comparison; angles are those of the receding side, if this is known."""

    field: str
    quantity: str
    tool: str
    value: float
    error: float = np.nan  # NaN if none is given
    source: str  # the version that was run, or the publication


def _published(field, quantity, tool, value, error, source):
    return Row(field=field, quantity=quantity, tool=tool, value=value, error=error, source=source)


#: Angles of Table D1 and of SAMI DR3 (turned to the receding side) were fitted with the method of
#: pafit, their k5/k1 with kinemetry.
PUBLISHED = [
    _published("8080-12701", "pa", "pafit, published", 4.5, np.nan, DUCKWORTH),
    _published("7815-3702", "pa", "pafit, published", 167.0, np.nan, DUCKWORTH),
    _published(RADON, "pa", "pafit, published", 279.0, np.nan, DUCKWORTH),
    _published("NGC 2974", "pa", "pafit, published", 43.0, 1.0, KRAJNOVIC),
    _published("NGC 4570", "pa", "pafit, published", 158.5, 2.2, KRAJNOVIC),
    _published("NGC 6278", "pa", "pafit, published", 305.5, 4.8, KRAJNOVIC),
    _published("SAMI 41144 A", "pa", "pafit, published", 148.0, 0.75, SAMI),
    _published("NGC 2974", "k51", "kinemetry, published", 0.007, 0.003, KRAJNOVIC),
    _published("NGC 4570", "k51", "kinemetry, published", 0.011, 0.004, KRAJNOVIC),
    _published("NGC 6278", "k51", "kinemetry, published", 0.024, 0.010, KRAJNOVIC),
    _published("SAMI 41144 A", "k51", "kinemetry, published", 0.0131, np.nan, SAMI),
]


def real_field(name):
    """Read a field by its name, cleaned as `mangapa.clean` does by default."""
    if name == RADON:
        return radon_example()[0]
    tracer, path = FILES[name]
    galaxy = mangapa.Galaxy.read(SHARED_DATA / path)
    return mangapa.clean(getattr(galaxy, tracer))


def published_rows():
    """Return the published numbers, those of the Radon transform from its file."""
    _, (offset, axis, error) = radon_example()
    rows = list(PUBLISHED)
    for radius in RADII:
        near = np.abs(np.abs(offset) - radius) < 0.75
        weight = error[near] ** -2.0
        turn = (axis[near] - axis[near][0] + 90) % 180 - 90
        mean = (axis[near][0] + np.average(turn, weights=weight)) % 180
        rows.append(
            _published(
                RADON, radius_name(radius), "Radon, published", mean, np.sum(weight) ** -0.5,
                "Stark et al. 2018",
            )
        )  # fmt: skip
    return rows


def radius_name(radius):
    """Return the name of the angle at a radius, arcsec."""
    return f"pa at {radius:g} arcsec"


def simulated(family):
    """Return the simulated fields of a family that are used."""
    fields = simulated_fields(family)
    return [one for one, _ in zip(fields, range(N_SIMULATED), strict=False)]


def true_angle(one):
    """Return the true angle of a simulated field, averaged over the field if it is warped."""
    return mean_angle(one) if "warp" in one.params else one.pa


def true_ring_angles(one, radius):
    """Return the true angles of rings, degrees, of a field without a core or a flow."""
    warp = one.params.get("warp")
    if warp is None:
        return np.full(len(radius), one.pa)
    u = np.clip((radius - warp["r0"]) / (warp["r1"] - warp["r0"]), 0, 1.3)
    return one.pa + warp["dpa"] * u
