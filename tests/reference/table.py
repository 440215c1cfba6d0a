"""
Reference values of all that is measured; ``python -m tests.reference.table`` writes them anew.

A value may change only on purpose: then the table is written anew in the same commit, whose message
says what changed and why.
"""

import json
import os
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np

import mangapa
from mangapa import VelocityField
from mangapa.simulate import Bar, Neighbour

TABLE = Path(__file__).with_name("values.json")
SHARED_DATA = Path(
    os.environ.get("MANGAPA_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data")
)
#: Simulated galaxies with the troubles of real ones, small enough for a quick test.
SIMULATED = {
    "binned": {"n_fibres": 61, "pa_stellar": 30, "pa_halpha": 75, "snr": 30},
    "core": {"n_fibres": 61, "pa_stellar": 200, "core_radius": 4, "seed": 1},
    "correlated": {
        "n_fibres": 37,
        "pa_stellar": 110,
        "bintype": "SPX",
        "correlated": True,
        "snr": 12,
    },
    "faint": {"n_fibres": 37, "pa_stellar": 290, "snr": 7, "v_max": 60, "seed": 3},
    "damaged": {
        "n_fibres": 61,
        "pa_stellar": 155,
        "bintype": "HYB10",
        "v_sys": 25,
        "seed": 5,
        "foreground": 2,
        "outliers": 0.03,
        "missing": 3,
    },
    "warp": {"n_fibres": 37, "pa_stellar": 20, "warp": 40, "inclination": 40, "seed": 6},
    "edge-on": {"n_fibres": 37, "pa_stellar": 75, "inclination": 88, "snr": 25, "seed": 7},
}
REAL = {
    "8080-12701": "manga-8080-12701-MAPS-VOR10-GAU-MILESHC.fits.gz",
    "7815-3702": "manga-7815-3702-MAPS-HYB10-GAU-MILESHC.fits.gz",
}
#: Options of `fit_pa` by the name of a case; the bootstrap is slow, and shown on few fields.
FITS = {
    "disc": {},
    "disc with one error": {"velocity_error": 10, "v_sys": 0},
    "harmonic": {"method": "harmonic", "error": None},
    "symmetry": {"method": "symmetry", "error": None, "n_steps": 91, "v_sys": 3},
}
BOOTSTRAPS = {
    "disc, bootstrap": {"error": "bootstrap"},
    "harmonic, bootstrap": {"method": "harmonic"},
    "symmetry, bootstrap": {"method": "symmetry", "n_steps": 61},
}
#: Fields whose kinemetry is shown.
KINEMETRY = ("binned stellar", "core stellar", "damaged halpha", "warp stellar", "points stellar")
BOOTSTRAPPED = ("correlated halpha", "faint stellar", "repeated stellar")


def fields():
    """Field by name; those of the simulated galaxies are cleaned."""
    made = {}
    for name, settings in SIMULATED.items():
        galaxy = mangapa.simulate_galaxy(**settings)
        for tracer in ("stellar", "halpha"):
            made[f"{name} {tracer}"] = mangapa.clean(galaxy.tracer(tracer))
    return made | plain_fields() | limit_fields()


def plain_fields():
    """Fields without errors or bin ids: noise, bins that only show by equal values, points."""
    rng = np.random.default_rng(11)
    y, x = np.mgrid[-8:8.5:0.5, 8:-8.5:-0.5]
    outside = np.hypot(x, y) > 8
    noise = VelocityField.from_arrays(rng.normal(0, 20, x.shape), x, y, mask=outside)
    blocks = (np.indices(x.shape) // 3 * [[[1]], [[100]]]).sum(axis=0)
    # One block in six is stretched to a line, which is not a bin.
    blocks[15] = 5000
    value = rng.normal(0, 12, blocks.max() + 1)
    repeated = 90 * np.tanh((0.8 * x + 0.6 * y) / 3)
    repeated = np.array([repeated[blocks == one].mean() for one in blocks.flat]).reshape(x.shape)
    repeated = VelocityField.from_arrays(repeated + value[blocks], x, y, mask=outside)
    radius, azimuth = 7 * np.sqrt(rng.random(250)), rng.uniform(0, 2 * np.pi, 250)
    x, y = np.atleast_2d(radius * np.sin(azimuth), radius * np.cos(azimuth))
    points = 110 * np.tanh((x - 0.5 * y) / 2) + rng.normal(0, 15, x.shape)
    points = VelocityField.from_arrays(points, x, y, ivar=rng.uniform(0.002, 0.02, x.shape))
    return {"noise stellar": noise, "repeated stellar": repeated, "points stellar": points}


def limit_fields():
    """Fields at the limits of what is fitted: few spaxels or bins, no quite regular grid, flat."""
    rng = np.random.default_rng(12)
    y, x = np.mgrid[-6:6.5:0.5, 6:-6.5:-0.5]
    round_, noise = np.hypot(x, y) < 6, rng.normal(0, 8, x.shape)
    rotation = 80 * np.tanh((0.6 * x + 0.8 * y) / 2) + noise

    def field(velocity, mask, x=x, y=y, **options):
        return VelocityField.from_arrays(velocity, x, y, mask=mask, **options)

    few = np.ones(x.shape, bool)
    few[10:14, 10:15] = False
    fewer = few.copy()
    fewer[13, 14] = True
    thirds = np.digitize(x + 0.3 * y, [-1.5, 1.5])
    means = np.array([rotation[thirds == k].mean() for k in range(3)])
    jitter = JITTER * rng.choice([-1, 1], (2, *x.shape))
    # Bins of one row, seven to ten spaxels long.
    length = 7 + np.arange(len(x)) % 4
    rows = np.arange(x.shape[1]) // length[:, None] + 100 * np.arange(len(x))[:, None]
    means_of_rows = np.bincount(rows.ravel(), rotation.ravel()) / np.maximum(
        np.bincount(rows.ravel()), 1
    )
    across = (0.8 * x - 0.6 * y) / 0.05
    along = 0.6 * x + 0.8 * y
    flat = 120 * along / np.hypot(np.hypot(along, across), 1) + noise / 100
    return {
        **{f"twisted {seed} stellar": twisted_field(seed) for seed in (13, 380)},
        "twenty stellar": field(rotation, few),
        "nineteen stellar": field(rotation, fewer),
        "three bins stellar": field(means[thirds], ~round_, bin_id=thirds),
        "jitter stellar": field(rotation, ~round_, x=x + jitter[0], y=y + jitter[1]),
        "long bins stellar": field(means_of_rows[rows], ~round_),
        "flat stellar": field(flat, ~round_),
        "late core stellar": mangapa.simulate_galaxy(n_fibres=61, core_radius=6.5, seed=8).stellar,
    }


#: Irregularity that just makes points of a grid scattered, arcsec.
JITTER = 0.004
#: Seeds of `blends`.
N_BLENDS = 60
#: Seeds of `small_field`: many, and those for which a threshold matters that is seldom met.
SWARM = (*range(60), 100, 114, 115, 120, 145, 150, 283, 301, 348, 360, 645, 1477, 1556, 1880)


def small_field(seed):
    """A field of few bins and little signal, of a random shape, size and noise."""
    rng = np.random.default_rng((13, seed))
    y, x = np.mgrid[-4:4.5:0.5, 4:-4.5:-0.5]
    angle, signal = rng.uniform(0, 2 * np.pi), 10 ** rng.uniform(-0.7, 1.3)
    along, across = x * np.sin(angle) + y * np.cos(angle), x * np.cos(angle) - y * np.sin(angle)
    turned = along + rng.normal(0, 0.3) * across * np.hypot(x, y) / 4
    velocity = signal * 10 * turned / np.hypot(turned, 1.5)
    row, column = np.indices(x.shape) // rng.integers(1, 5)
    bins = row * (1 + column.max()) + column
    error = rng.uniform(6, 14, bins.max() + 1)[bins] if seed % 3 else np.full(x.shape, 10.0)
    velocity = (np.bincount(bins.ravel(), velocity.ravel()) / np.bincount(bins.ravel()))[bins]
    velocity = velocity + error * rng.normal(size=bins.max() + 1)[bins]
    outside = np.hypot(x, y) > rng.uniform(2, 4.2)
    if seed % 4 == 0:
        outside |= along > rng.uniform(0, 2)
    if seed % 8 == 5:
        outside |= np.abs(x - y) > rng.uniform(1, 2)
    return VelocityField.from_arrays(
        velocity,
        x,
        y,
        mask=outside,
        ivar=error**-2 if seed % 2 else None,
        bin_id=bins if seed % 3 == 1 else None,
        tracer=("stellar", "halpha")[seed % 2],
        galaxy=f"swarm {seed // 2}",
    )


def swarm():
    return [small_field(seed) for seed in SWARM]


def twisted_field(seed):
    """A field of high signal-to-noise whose outer axis is turned by a few degrees."""
    rng = np.random.default_rng((15, seed))
    y, x = np.mgrid[-6:6.5:0.5, 6:-6.5:-0.5]
    outside = np.hypot(x, y) > 6
    turn = rng.uniform(0, 12)
    angle = np.radians(30 + turn * (np.hypot(x, y) > rng.uniform(1, 5)))
    along, across = x * np.sin(angle) + y * np.cos(angle), x * np.cos(angle) - y * np.sin(angle)
    velocity = 200 * along / np.hypot(np.hypot(along, 2), rng.uniform(1, 2) * across)
    velocity = velocity + rng.normal(0, 1, x.shape)
    return VelocityField.from_arrays(velocity, x, y, mask=outside)


@cache
def blends():
    """Barred discs with a neighbour from faint to bright."""
    rng = np.random.default_rng(15)
    made = []
    for seed in range(N_BLENDS):
        angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(2, 8)
        neighbour = Neighbour(
            flux=10 ** rng.uniform(-1.5, 0.3),
            x=away * np.sin(angle),
            y=away * np.cos(angle),
            velocity=rng.choice([-1, 1]) * rng.uniform(80, 500),
        )
        galaxy = mangapa.simulate_galaxy(
            n_fibres=37,
            pa_stellar=rng.uniform(0, 360),
            inclination=rng.uniform(20, 80),
            snr=rng.uniform(15, 60),
            psf=2.5,
            outliers=0.02,
            neighbour=neighbour,
            bar=Bar(amplitude=rng.uniform(0, 0.3)),
            seed=seed,
        )
        made.append(mangapa.clean(galaxy.stellar))
    return made


@cache
def off_centre():
    """Discs whose centre is from right to very wrong."""
    rng = np.random.default_rng(16)
    made = []
    for seed, distance in enumerate(np.repeat([0.0, 0.7, 0.9, 1.2, 1.6, 2.5, 5.0, 12.0], 4)):
        angle, snr = rng.uniform(0, 2 * np.pi), rng.uniform(5, 40)
        field = mangapa.simulate_galaxy(n_fibres=37, snr=snr, v_max=100, seed=seed).stellar
        field = mangapa.clean(field)
        x = field.x + distance * np.sin(angle) * field.x.unit
        y = field.y + distance * np.cos(angle) * field.y.unit
        made.append(replace(field, x=x, y=y))
    return made


def of_fit(field, **options):
    found = mangapa.fit_pa(field, **options)
    values = {
        name: getattr(found, name).value
        for name in ("pa", "pa_err", "pa_err_sys", "pa_err_3sigma", "v_sys")
    }
    values |= {"chi2": found.chi2, "n_spaxels": found.n_spaxels, "flags": int(found.flags)}
    if found.disc is not None:
        values |= {
            "axis_ratio": found.disc.axis_ratio,
            "centre": [found.disc.x.value, found.disc.y.value],
            "curve": found.disc.rotation_velocity.value[::10].tolist(),
            "axis_ratio_err": found.disc.axis_ratio_err,
            "inclination_err": found.disc.inclination_err.value,
            "centre_err": [found.disc.x_err.value, found.disc.y_err.value],
            "offset": [found.disc.offset.value, found.disc.offset_significance],
        }
    return values


def of_profile(field):
    profile = mangapa.pa_profile(field)
    values = {name: np.asarray(profile[name]).tolist() for name in profile.colnames}
    return values | {
        name: profile.meta[name]
        for name in ("pa_axis", "axis_ratio", "field_asymmetry", "field_asymmetry_err", "flags")
    }


def of_kinemetry(field, columns=None, **options):
    profile = mangapa.kinemetry(field, effective_radius=4, **options)
    values = {name: np.asarray(profile[name]).tolist() for name in columns or profile.colnames}
    names = ("pa_axis", "axis_ratio", "k51", "k51_err", "k51_observed", "x", "y", "flags")
    return values | {name: profile.meta[name] for name in names}


def field_with_light():
    """A field with dispersions and light, of other shapes than the rotation."""
    rng = np.random.default_rng(17)
    # Not symmetric about the centre: pairs of spaxels on the edge of a ring are left to rounding.
    y, x = np.mgrid[-9:9.5:0.5, 9:-9.5:-0.5] + np.array([[[-0.071]], [[0.137]]])
    radius, other = np.hypot(x + 0.5 * y, 1.5 * y), np.hypot(1.4 * x, y)
    velocity = 120 * (x + 0.4 * y) / np.hypot(radius, 2) + rng.normal(0, 6, x.shape)
    error = rng.uniform(4, 8, x.shape)
    return VelocityField.from_arrays(
        velocity,
        x,
        y,
        mask=np.hypot(x, y) > 9,
        dispersion=np.hypot(130 * np.exp(-radius / 20), 70) + error * rng.normal(size=x.shape),
        dispersion_ivar=error**-2,
        instrumental_dispersion=np.full(x.shape, 70.0),
        flux=np.exp(-np.sqrt(other)) + rng.normal(0, 1e-3, x.shape),
    )


def of_features(field):
    found = getattr(mangapa.features(field), field.tracer)
    values = {
        name: getattr(value, "value", value)
        for name, value in vars(found).items()
        if name != "flags"
    }
    values["probability_warped"] = found.probability_warped
    return values | {"flags": int(found.flags), "found": ", ".join(found.found)}


def of_usability(field):
    alone, fcn = mangapa.usability(field), mangapa.usability(field, model="fcn")
    return {
        "alone": alone.score,
        "flags": int(alone.flags),
        "usable": alone.usable,
        "fcn": fcn.score,
    }


def of_cleaning():
    """Numbers of spaxels that are rejected from fields with wide tails and islands of any size."""
    rng = np.random.default_rng(14)
    y, x = np.mgrid[:40, :40].astype(float)
    island = np.digitize(x, [12, 18, 24, 29, 33, 36])
    walls = np.isin(x, [11, 17, 23, 28, 32, 35])
    velocity = 20 * rng.standard_t(3, x.shape) + 5 * (y - 20)
    islands = VelocityField.from_arrays(velocity, x, y, mask=walls | (y > 6 * island + 5))
    # Each round of clipping finds only the largest outliers.
    velocity[5, :8] = 10.0 ** np.arange(3, 11)
    rounds = VelocityField.from_arrays(velocity, x, y)
    cleaned = [mangapa.clean(field) for field in (islands, rounds)]
    return {"rejected": [np.bincount(c.rejection.ravel(), minlength=3).tolist() for c in cleaned]}


def of_swarm(compute, make=swarm):
    """Values of all fields of a swarm, in one list for each name."""
    rows = [compute(field) for field in make()]
    return {name: [row.get(name) for row in rows] for row in rows for name in row}


def of_pairs():
    found = mangapa.usability(swarm())
    return {"score": [one.score for one in found], "flags": [int(one.flags) for one in found]}


def of_measurement(galaxy, **options):
    row = mangapa.measure(galaxy, **options).row()
    texts = ("plateifu", "mangaid", "release", "daptype", "name", "observation", "survey")
    others = ("redshift", "source", "method", "error")
    return {
        column: getattr(value, "value", value)
        for column, value in row.items()
        if column not in (*texts, *others)
    }


def cases():
    """What to compute by the name of each case, quick ones first."""
    made = fields()
    yield from kinemetry_cases(made)
    for name, field in made.items():
        yield from of_field(name, field)
    yield "blends disc", partial(of_swarm, of_fit, blends)
    yield "off-centre disc", partial(of_swarm, of_fit, off_centre)
    yield "off-centre disc, fitted", partial(of_swarm, partial(of_fit, centre="fit"), off_centre)
    for case, compute in {
        "disc": of_fit,
        "harmonic": partial(of_fit, method="harmonic", error=None),
        "features": of_features,
        "usability": of_usability,
    }.items():
        yield f"swarm {case}", partial(of_swarm, compute)
    yield "swarm pairs", of_pairs
    yield "cleaning", of_cleaning
    galaxy = mangapa.simulate_galaxy(**SIMULATED["damaged"])
    yield "damaged measure", partial(of_measurement, galaxy)
    yield (
        "damaged measure with options",
        partial(of_measurement, galaxy, sigma=4, min_region=0.02, method="harmonic", error=None),
    )


def kinemetry_cases(made):
    for name in KINEMETRY:
        yield f"{name} kinemetry", partial(of_kinemetry, made[name])
    light = field_with_light()
    for moment in ("velocity", "dispersion", "flux"):
        yield f"light kinemetry, {moment}", partial(of_kinemetry, light, moment=moment)
    options = {"centre": "fit", "v_sys": "fixed", "moment": "dispersion", "ellipses": "free"}
    yield "light kinemetry, options", partial(of_kinemetry, light, **options)
    yield "swarm kinemetry", partial(of_swarm, partial(of_kinemetry, columns=("pa", "k51")))


def of_field(name, field):
    for case, options in FITS.items():
        yield f"{name} {case}", partial(of_fit, field, **options)
    if name in BOOTSTRAPPED:
        for case, options in BOOTSTRAPS.items():
            yield f"{name} {case}", partial(of_fit, field, **options)
    yield f"{name} profile", partial(of_profile, field)
    yield f"{name} features", partial(of_features, field)
    yield f"{name} usability", partial(of_usability, field)


def real_cases():
    for name, file in REAL.items():
        galaxy = mangapa.read_maps(SHARED_DATA / file)
        for tracer in ("stellar", "halpha"):
            yield from of_field(f"{name} {tracer}", mangapa.clean(galaxy.tracer(tracer)))
        yield f"{name} measure", partial(of_measurement, galaxy)


def pafit_cases():
    for name, field in plain_fields().items():
        yield f"{name} pafit", partial(of_fit, field, method="pafit", n_steps=91)


def plain(value):
    """As JSON takes it, with more digits than are compared."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, str):
        return value
    if isinstance(value, (int, np.integer)):
        return int(value)
    return None if value is None or not np.isfinite(value) else float(f"{float(value):.9g}")


def main():
    made = {}
    for group in (cases, pafit_cases, real_cases):
        made |= {name: plain(compute()) for name, compute in group()}
    lines = [f" {json.dumps(name)}: {json.dumps(values)}" for name, values in made.items()]
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{TABLE}: {len(made)} cases")


if __name__ == "__main__":
    main()
