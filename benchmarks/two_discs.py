"""
Simulated galaxies of known class: two counter-rotating discs, and ordinary ones.

    python benchmarks/two_discs.py
    python benchmarks/two_discs.py --n 200

All are seen as in MaNGA's cubes: a beam of 2.5 arcsec, fibres in three dithers, and kinematics that
are those of Gaussians fitted to the line profiles. The signal-to-noise ratio of the central spaxel
is 30 to 80, for which the errors of velocities within half an effective radius are 2 to 5 km/s; in
two MAPS files of DR15 they are 1.6 to 4.7 km/s. The table states, for each family, how the velocity
dispersion on the major axis compares with that in the centre, without noise.
"""

import argparse
from dataclasses import dataclass, field

import numpy as np

from mangapa import Galaxy, simulate_galaxy
from mangapa.simulate import FIELD_OF_VIEW, Bar, CounterDisc, Dispersion, Warp

#: Families of galaxies with one sense of rotation in each place.
ORDINARY = ("plain", "warp", "bar", "bulge", "thick disc", "slow rotator")
#: Families with two: discs within each other, and cores that hide the outer disc.
TWO_SENSES = ("two discs", "core")
#: Sizes of bundles, by how often they occur in MaNGA.
BUNDLES = {19: 0.12, 37: 0.23, 61: 0.22, 91: 0.12, 127: 0.31}
#: Mass of the second disc over that of both.
MASS_FRACTIONS = (0.1, 0.9)
#: Effective radii within the field (Bundy et al. 2015).
COVERAGE = 1.5


@dataclass(frozen=True, kw_only=True)
class Case:
    """A simulated galaxy and what it is made of."""

    family: str
    options: dict  # of simulate_galaxy
    truth: dict = field(default_factory=dict)

    @property
    def galaxy(self) -> Galaxy:
        """The galaxy as it is observed."""
        return simulate_galaxy(**self.options)

    @property
    def noiseless(self) -> Galaxy:
        """The same galaxy with the least noise, in spaxels."""
        return simulate_galaxy(**self.options | {"snr": 1e7, "bintype": "SPX", "outliers": 0.0})


def cases(family, n, seed=0):
    """Yield cases of a family; equal arguments give equal ones."""
    for number in range(n):
        rng = np.random.default_rng([seed, (*ORDINARY, *TWO_SENSES).index(family), number])
        yield case(family, rng)


def case(family, rng):
    """Draw a case of a family."""
    n_fibres = int(rng.choice(list(BUNDLES), p=list(BUNDLES.values())))
    edge = FIELD_OF_VIEW[n_fibres] / 2
    reff = edge / COVERAGE
    cosine = rng.uniform(np.cos(np.radians(80)), np.cos(np.radians(30)))
    inclination = float(np.degrees(np.arccos(cosine)))
    options = {
        "n_fibres": n_fibres,
        "pa_stellar": float(rng.uniform(0, 360)),
        "pa_halpha": float(rng.uniform(0, 360)),
        "inclination": inclination,
        "v_max": float(rng.uniform(120, 260)),
        "turnover": float(rng.uniform(0.15, 0.6)),
        "dispersion": _dispersion(rng, rng.uniform(70, 180), reff),
        "thickness": float(rng.uniform(0.1, 0.25)),
        "snr": float(np.exp(rng.uniform(np.log(30), np.log(80)))),
        "bintype": str(rng.choice(["VOR10", "HYB10"])),
        "psf": 2.5,
        "dithered": True,
        "losvd": "gaussian",
        "seed": int(rng.integers(2**31)),
    }
    more, truth = DRAW[family](rng, options, reff)
    return Case(family=family, options=options | more, truth=truth)


def _dispersion(rng, central, reff):
    """Draw a profile that falls to 0.3 to 0.7 of the central dispersion, as in MAPS files."""
    outer, radius = rng.uniform(0.3, 0.7) * central, rng.uniform(0.3, 1.5) * reff
    return Dispersion(central=central, outer=outer, radius=radius)


def _plain(rng, options, reff):
    return {}, {}


def _warp(rng, options, reff):
    turn = float(rng.uniform(15, 60) * rng.choice([-1, 1]))
    warp = Warp(turn=turn, inner=rng.uniform(0, 0.5) * reff, outer=rng.uniform(1, 1.5) * reff)
    return {"warp": warp}, {"turn": turn}


def _bar(rng, options, reff):
    amplitude = float(rng.uniform(0.1, 0.5))
    bar = Bar(amplitude=amplitude, radius=rng.uniform(0.3, 0.8) * reff, angle=rng.uniform(-90, 90))
    return {"bar": bar}, {"amplitude": amplitude}


def _bulge(rng, options, reff):
    peak = float(rng.uniform(150, 300))
    dispersion = Dispersion(
        central=peak, outer=rng.uniform(40, 90), radius=rng.uniform(0.15, 0.5) * reff
    )
    return {"dispersion": dispersion}, {"peak": peak}


def _thick(rng, options, reff):
    return {"thickness": float(rng.uniform(0.3, 0.6))}, {}


def _slow(rng, options, reff):
    speed = float(rng.uniform(5, 60))
    dispersion = _dispersion(rng, rng.uniform(120, 280), reff)
    return {"v_max": speed, "dispersion": dispersion}, {"speed": speed}


def _two_discs(rng, options, reff):
    fraction, scale = float(rng.uniform(*MASS_FRACTIONS)), float(np.exp(rng.uniform(-1.1, 1.1)))
    disc = CounterDisc(
        mass_fraction=fraction,
        scale=scale,
        thickness=rng.uniform(0.1, 0.4),
        rotation=rng.uniform(0.8, 1.1),
        dispersion=_dispersion(rng, rng.uniform(0.7, 1.3) * options["dispersion"].central, reff),
    )
    return {"counter_disc": disc}, {"mass_fraction": fraction, "scale": scale}


def _core(rng, options, reff):
    radius, offset = float(rng.uniform(0.25, 0.6) * reff), float(rng.uniform(60, 300))
    return {"core_radius": radius, "core_offset": offset}, {"radius": radius, "offset": offset}


DRAW = {
    "plain": _plain,
    "warp": _warp,
    "bar": _bar,
    "bulge": _bulge,
    "thick disc": _thick,
    "slow rotator": _slow,
    "two discs": _two_discs,
    "core": _core,
}


def dispersion_on_axis(case):
    """Largest dispersion on either side of the major axis over that of the centre, no noise."""
    stars = case.noiseless.stellar
    x, y, pa = stars.x.value, stars.y.value, np.radians(case.options["pa_stellar"])
    along, across = x * np.sin(pa) + y * np.cos(pa), x * np.cos(pa) - y * np.sin(pa)
    good = stars.good & np.isfinite(stars.dispersion.value)
    dispersion = stars.intrinsic_dispersion.value
    central = np.mean(dispersion[good & (np.hypot(x, y) < 1)])
    strip = good & (np.abs(across) < 1)
    sides = [np.max(dispersion[strip & (side * along > 1.5)], initial=0.0) for side in (-1, 1)]
    return min(sides) / central


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n", type=int, default=40, help="galaxies in a family")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("family        percentiles 10, 50 and 90 of the dispersion on the axis over the centre's")
    for family in (*ORDINARY, *TWO_SENSES):
        drawn = list(cases(family, options.n, options.seed))
        if family == "two discs":
            for low, high in ((0.1, 0.3), (0.3, 0.7), (0.7, 0.9)):
                part = [one for one in drawn if low <= one.truth["mass_fraction"] < high]
                _print(f"{family}, {low:g}-{high:g}", part)
        else:
            _print(family, drawn)


def _print(name, drawn):
    if not drawn:
        return
    ratios = [dispersion_on_axis(one) for one in drawn]
    low, middle, high = np.percentile(ratios, [10, 50, 90])
    print(f"{name:20s} {len(drawn):4d} {low:6.2f} {middle:6.2f} {high:6.2f}", flush=True)


if __name__ == "__main__":
    main()
