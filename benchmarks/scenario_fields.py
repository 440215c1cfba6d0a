"""The simulated velocity fields of `scenarios.py` and `error_calibration.py`."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from mangapa import VelocityField, simulate_galaxy
from mangapa.simulate import Bar, Lopsidedness, Neighbour
from mangapa.simulate._instrument import look, surroundings
from mangapa.simulate._losvd import Layer, Moments
from mangapa.simulate._noise import CORRELATION_SPAXELS
from mangapa.simulate._sky import FIELD_OF_VIEW, MAP_SIZE, SPAXEL

V_MAX = 100.0  # km/s, in the plane of the disc
#: Mean distance from the centre of a hexagon, in units of its corner's: the mean turn of a warp.
MEAN_TURN = 0.61
HALF_SUBTRACTED = "half missing, median subtracted"
#: Galaxies that are not discs; counted apart from the others, in which an error is the method's.
DEPARTURES = "departures, dithered"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """
    One kind of field. Speeds are in km/s, angles in degrees, lengths in arcsec.

    If `None`, the inclination is drawn from random orientations between 30 and 75 deg, and the
    curve is arctan or tanh. V in ``v_over_sigma`` is V_MAX sin i.
    """

    group: str
    v_over_sigma: float = 17.0
    noise: str = "white"
    inclination: float | None = None
    curve: str | None = None
    strip: float | None = None
    half: bool = False
    patches: int = 0
    v_sys: float = 0.0
    first_guess: str | float = "median"
    outliers: float = 0.0
    star: bool = False
    core: float | None = None
    warp: float = 0.0
    flow: float = 0.0
    offset: float = 0.0
    growth: float = 1.0
    with_ivar: bool = False
    psf: float = 0.0
    galaxy: dict | None = None  # options of `simulate_galaxy`, which makes the field instead


SCENARIOS = {
    "clean": Scenario(group="inclination"),
    "face-on": Scenario(group="inclination", inclination=15, v_over_sigma=4.4),
    "edge-on": Scenario(group="inclination", inclination=85),
    **{
        f"{noise} noise, V/sigma {ratio:g}": Scenario(
            group=f"{noise} noise", noise=noise, v_over_sigma=ratio
        )
        for noise, ratios in (
            ("white", (0.5, 1, 3, 10)),
            ("correlated", (1, 3, 10)),
            ("binned", (1, 3, 10)),
        )
        for ratio in ratios
    },
    **{
        f"strip {angle} deg from axis": Scenario(
            group="elongated footprint", strip=angle, v_over_sigma=3
        )
        for angle in (0, 30, 60)
    },
    "half missing, nothing subtracted": Scenario(group="missing", half=True, first_guess=0.0),
    HALF_SUBTRACTED: Scenario(group="missing", half=True),
    "four patches missing": Scenario(group="missing", patches=4),
    "v_sys wrong by 30 km/s": Scenario(group="v_sys", v_sys=30, first_guess=0.0),
    "1 % outliers": Scenario(group="outliers", outliers=0.01),
    "5 % outliers": Scenario(group="outliers", outliers=0.05),
    "foreground star": Scenario(group="outliers", star=True),
    "core at 90 deg": Scenario(group="other motions", core=90),
    "core at 180 deg": Scenario(group="other motions", core=180),
    "warp of 20 deg": Scenario(group="other motions", warp=20),
    "radial flow of 10 %": Scenario(group="other motions", flow=0.1),
    "centre off by 1 arcsec": Scenario(group="centre", offset=1),
    "centre off by 2 arcsec": Scenario(group="centre", offset=2),
    "solid body": Scenario(group="rotation curve", curve="solid body"),
    "square root": Scenario(group="rotation curve", curve="square root"),
    "boxy": Scenario(group="rotation curve", curve="boxy"),
    **{
        name: Scenario(group=DEPARTURES, galaxy=galaxy)
        for name, galaxy in {
            "bar of 40 %": {"bar": Bar(amplitude=0.4)},
            "oval of 15 %": {"bar": Bar(amplitude=0.15, radius=1e4)},
            "dithered radial flow of 10 %": {"radial_flow": 0.1},
            "lopsided by 20 %": {"lopsidedness": Lopsidedness(amplitude=0.2, angle=60)},
            "blended neighbour": {"neighbour": Neighbour(flux=0.15, x=4, y=3, velocity=300)},
            "nothing but fibres": {},
        }.items()
    },
}

#: Rotation curves in units of V_MAX, as functions of the radius over that of the hexagon's corner.
CURVES = {
    "arctan": lambda r: 2 / np.pi * np.arctan(r / 0.15),
    "tanh": lambda r: np.tanh(r / 0.3),
    "solid body": lambda r: r,
    "square root": np.sqrt,
    "boxy": lambda r: np.minimum(r / 0.3, 1),
}


def simulate(scenario, n_fibres, rng):
    """
    Simulate a field of a scenario.

    Returns
    -------
    field : `~mangapa.VelocityField`
    true_pa : `float`
        Degrees.
    """
    if scenario.galaxy is not None:
        return _through_fibres(scenario, n_fibres, rng)
    size, corner = MAP_SIZE[n_fibres], FIELD_OF_VIEW[n_fibres] / 2
    row, column = np.mgrid[:size, :size] - (size - 1) / 2
    x, y = -SPAXEL * column, SPAXEL * row
    slant = np.abs(y) / np.sqrt(3)
    good = np.maximum(2 * slant, np.abs(x) + slant) <= corner

    pa = rng.uniform(0, 360)
    cosine = rng.uniform(np.cos(np.radians(75)), np.cos(np.radians(30)))
    inclination = scenario.inclination or np.degrees(np.arccos(cosine))
    curve = scenario.curve or rng.choice(["arctan", "tanh"])
    towards = rng.uniform(0, 2 * np.pi)
    dx, dy = scenario.offset * np.sin(towards), scenario.offset * np.cos(towards)

    wide_x, wide_y = surroundings(x, y, scenario.psf, dithered=False)
    radius = np.hypot(wide_x - dx, wide_y - dy)
    # The light has the half-light radius of a primary galaxy.
    light = np.exp(-2.5 * radius / corner)
    rotation = _rotation(scenario, wide_x - dx, wide_y - dy, corner, pa, inclination, curve)
    layers = [Layer(light, rotation, radius)]
    velocity = look(layers, Moments(), x, y, scenario.psf, n_fibres, dithered=False).velocity
    sigma = V_MAX * np.sin(np.radians(inclination)) / scenario.v_over_sigma
    sigma = sigma * scenario.growth ** (np.hypot(x, y) / corner - MEAN_TURN)

    def beyond(angle, limit):
        """Select the spaxels farther than a limit from the centre along a position angle."""
        return x * np.sin(angle) + y * np.cos(angle) > limit

    if scenario.strip is not None:
        across = np.radians(pa + scenario.strip * rng.choice([-1, 1]) + 90)
        good &= ~beyond(across, 0.35 * corner) & ~beyond(across + np.pi, 0.35 * corner)
    if scenario.half:
        good &= ~beyond(rng.uniform(0, 2 * np.pi), 0.1 * corner)
    for _ in range(scenario.patches):
        at = rng.choice(np.flatnonzero(good))
        good &= np.hypot(x - x.flat[at], y - y.flat[at]) > 0.25 * corner

    velocity, sigma, bin_id = _observe(scenario.noise, velocity, sigma, x, y, good, corner, rng)
    velocity += scenario.v_sys
    inside = np.flatnonzero(good)
    if scenario.outliers:
        wild = rng.choice(inside, max(1, int(scenario.outliers * inside.size)), replace=False)
        velocity.flat[wild] += 500 * rng.choice([-1, 1], wild.size)
    if scenario.star:
        at = rng.choice(np.flatnonzero(good & (np.hypot(x, y) > 0.3 * corner)))
        velocity[np.hypot(x - x.flat[at], y - y.flat[at]) < 1.5] = -350 + 3 * rng.normal()
    field = VelocityField.from_arrays(
        velocity,
        x,
        y,
        mask=~good,
        bin_id=bin_id,
        ivar=sigma**-2.0 if scenario.with_ivar else None,
    )
    return field, (pa + MEAN_TURN * scenario.warp) % 360


def _through_fibres(scenario, n_fibres, rng):
    """Simulate a galaxy as MaNGA sees it, with a departure from a disc."""
    pa = rng.uniform(0, 360)
    cosine = rng.uniform(np.cos(np.radians(75)), np.cos(np.radians(30)))
    galaxy = simulate_galaxy(
        n_fibres=n_fibres,
        pa_stellar=pa,
        inclination=np.degrees(np.arccos(cosine)),
        turnover=rng.uniform(0.15, 0.6),
        snr=rng.uniform(20, 40),
        bintype=rng.choice(["SPX", "VOR10"]),
        psf=scenario.psf or 2.5,
        dithered=True,
        thickness=0.15,
        seed=int(rng.integers(2**31)),
        **scenario.galaxy,
    )
    return galaxy.stellar, pa


def _rotation(scenario, x, y, corner, pa, inclination, curve):
    """Return the line-of-sight velocity, km/s."""
    on_sky = np.hypot(x, y) / corner
    disc = _disc(x, y, corner, pa + scenario.warp * on_sky, inclination, curve, scenario.flow)
    if scenario.core is None:
        return disc
    core = 0.8 * _disc(x, y, corner, pa + scenario.core, inclination, "tanh")
    share = 1 / (1 + np.exp((on_sky - 0.25) / 0.03))
    return share * core + (1 - share) * disc


def _disc(x, y, corner, pa, inclination, curve, flow=0.0):
    pa, inclination = np.radians(pa), np.radians(inclination)
    along = x * np.sin(pa) + y * np.cos(pa)
    # A real disc is thick, and never appears flatter than this.
    across = (x * np.cos(pa) - y * np.sin(pa)) / max(np.cos(inclination), 0.12)
    radius = np.maximum(np.hypot(along, across), 1e-9)
    speed = V_MAX * np.sin(inclination) * CURVES[curve](radius / corner)
    return speed * (along + flow * across) / radius


def _observe(noise, velocity, sigma, x, y, good, corner, rng):
    """Add the noise; if it is binned, give each bin one velocity."""
    if noise == "white":
        return velocity + sigma * rng.normal(size=x.shape), sigma, None
    if noise == "correlated":
        return velocity + sigma * _correlated_noise(x.shape, rng), sigma, None
    # Like Voronoi bins, they are smaller where there is more light; on average six spaxels each.
    inside = np.column_stack([x[good], y[good]])
    light = np.exp(-2 * np.hypot(x, y)[good] / (0.55 * corner))
    n_bins = max(20, len(inside) // 6)
    seeds = rng.choice(len(inside), n_bins, replace=False, p=light / light.sum())
    bins = cKDTree(inside[seeds]).query(inside)[1]
    n_spaxels = np.bincount(bins)
    means = np.bincount(bins, velocity[good]) / n_spaxels
    errors = np.bincount(bins, sigma[good]) / n_spaxels
    velocity, sigma, bin_id = velocity.copy(), sigma.copy(), np.full(x.shape, -1)
    velocity[good] = (means + errors * rng.normal(size=n_bins))[bins]
    sigma[good], bin_id[good] = errors[bins], bins
    return velocity, sigma, bin_id


def _correlated_noise(shape, rng):
    """Draw noise of unit variance and covariance exp(-d^2 / (2 x 1.92^2)), d in spaxels."""
    width, margin = CORRELATION_SPAXELS / np.sqrt(2), 12
    white = rng.normal(size=np.add(shape, 2 * margin))
    smooth = gaussian_filter(white, width, truncate=5)[margin:-margin, margin:-margin]
    return 2 * np.sqrt(np.pi) * width * smooth
