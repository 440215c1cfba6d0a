"""Simulated galaxies whose kinematic classes are known, and what is measured on them."""

from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter
from two_discs import ORDINARY, TWO_SENSES, cases

from mangapa import VelocityField, clean, pa_profile, simulate_galaxy
from mangapa.fitting._prepared import prepare
from mangapa.kinematics._classes import peaks_of
from mangapa.profiles._features import field_features
from mangapa.profiles._kinemetry_profile import kinemetry_prepared
from mangapa.profiles._profile import profile_prepared
from mangapa.profiles._rings import BEAM_SIGMA
from mangapa.simulate import FIELD_OF_VIEW
from mangapa.simulate._sky import spaxels

#: What is wrong with every second galaxy.
DEFECTS = (
    *("none",) * 6,
    *("outliers", "missing patches", "low S/N", "masked centre", "cold", "spaxels"),
)
#: Discs whose k1 mostly has two maxima.
MAXIMA = "two maxima"
#: Discs whose k1 has one.
ONE_MAXIMUM = ("plain", "warp", "bulge")
#: Families of which one in so many galaxies is drawn as of the two discs.
FEWER = 2.5
#: Errors of the axis of the light, degrees, and of its ellipticity.
PA_ERROR, ELLIPTICITY_ERROR = 5.0, 0.05
#: Peaks of the noiseless dispersion exceed the centre and the minor axis by this share.
PEAK = 0.05
#: Radius of the places where the noiseless dispersion is read, arcsec.
PLACE = 0.8
NOISELESS = {"snr": 1e7, "bintype": "SPX", "outliers": 0.0, "missing": 0, "foreground": 0}
#: Half-light radius of an exponential disc in scale lengths; velocity error at a signal-to-noise
#: ratio of one, km/s; and length over which MaNGA's noise is correlated, spaxels.
EXPONENTIAL, VELOCITY_ERROR, CORRELATION = 1.678, 120.0, 1.92
#: A minimum of the noiseless k1 is this much below the lower maximum.
DIP = 0.05


def sample(n, seed=0):
    """List jobs for `measured`: family, how many galaxies it has, number and seed."""
    jobs = []
    for family in (*ORDINARY, *TWO_SENSES, MAXIMA):
        number = n if family == "two discs" else int(n / FEWER)
        jobs += [(family, number, i, seed) for i in range(number)]
    return jobs


def measured(job):
    """Simulate one galaxy, and measure what the classes rest on; returns a `dict`."""
    family, n, i, seed = job
    row = {"family": family, "number": i}
    if family == MAXIMA:
        field, quiet = _two_maxima(np.random.default_rng([9, seed, i]))
        found = evidence_of(prepare(clean(field)), np.nan)
        k1 = kinemetry_prepared(prepare(quiet))["k1"].value
        return row | {"has_dip": bool(dip(k1[np.isfinite(k1)]) > DIP), "evidence": found}
    rng = np.random.default_rng([7, seed, i])
    drawn = list(cases(family, n, seed))[i]
    defect, options = _defect(rng, drawn.options)
    options = drawn.options | options | {"pa_halpha": None}
    galaxy = simulate_galaxy(**options)
    reff, axis = galaxy.effective_radius.value, options["pa_stellar"]
    row |= {"defect": defect, "reff": reff, **drawn.truth, "has_peaks": False}
    row |= {name: options[name] for name in ("inclination", "n_fibres", "snr", "v_max")}
    if family in TWO_SENSES:
        quiet = simulate_galaxy(**options | NOISELESS).stellar
        row["has_peaks"] = bool(peak_excess(quiet, axis, 1 - galaxy.ellipticity, reff) > PEAK)
    field = galaxy.stellar
    if defect == "masked centre":
        field = _without_centre(field, rng.uniform(0.8, 2))
    ellipticity = galaxy.ellipticity + ELLIPTICITY_ERROR * rng.normal()
    found = evidence_of(
        prepare(clean(field)),
        reff,
        photometric_pa=axis + PA_ERROR * rng.normal(),
        ellipticity=float(np.clip(ellipticity, 0, 0.9)),
        with_k1=family in ONE_MAXIMUM,
    )
    return row | {"evidence": found}


def evidence_of(prepared, reff, photometric_pa=np.nan, ellipticity=np.nan, *, with_k1=True):
    """What the classes of a galaxy rest on; `None` if its field cannot be measured."""
    if prepared.flags:
        return None
    k1, error = np.zeros((2, 0))
    if with_k1:
        profile = kinemetry_prepared(prepared)
        k1, error = (profile[name].value for name in ("k1", "k1_err"))
    known = np.isfinite(k1 + error)
    return {
        "peaks": peaks_of(prepared, reff, photometric_pa, ellipticity)[0],
        "features": field_features("profile", profile_prepared(prepared)),
        "k1": (k1[known], error[known]),
    }


def measured_on_shared(one):
    """Truth and features of a field of another simulator; `None` if it has too few rings."""
    features, quiet = (
        field_features("profile", pa_profile(field)) for field in (one.field, one.noiseless)
    )
    if not np.isfinite(features.kdc + features.warp_turn_err.value):
        return None
    core = one.params.get("kdc") or {"turn": 0.0, "r": 0.0}
    return {
        "turn": abs((core["turn"] + 180) % 360 - 180),
        "radius": core["r"],
        "twist": abs(quiet.warp_turn.value),
        "features": features,
    }


def _two_maxima(rng):
    """
    Field of a disc whose rotation mostly rises, falls and rises again, with noise and without.

    It has a hump at the inner radius, and rises up to the outer one; the beam smears it.
    """
    n_fibres = int(rng.choice(list(FIELD_OF_VIEW)))
    x, y, hexagon = spaxels(n_fibres)
    reff = FIELD_OF_VIEW[n_fibres] / 3
    angle, ratio = rng.uniform(0, 2 * np.pi), np.cos(np.radians(rng.uniform(30, 75)))
    along = x * np.sin(angle) + y * np.cos(angle)
    radius = np.hypot(along, (x * np.cos(angle) - y * np.sin(angle)) / ratio)
    inner, outer = rng.uniform(0.15, 0.35) * reff, rng.uniform(0.8, 1.8) * reff
    hump = rng.uniform(60, 260) * rng.choice([0, 1, 1, 1]) * radius / inner
    curve = hump * np.exp(1 - radius / inner)
    curve -= rng.uniform(60, 250) * np.expm1(-((radius / outer) ** 2))
    light = np.exp(-EXPONENTIAL * radius / reff)
    velocity = curve * along / np.maximum(radius, 1e-9) * np.sqrt(1 - ratio**2)
    beam = BEAM_SIGMA / (y[1, 0] - y[0, 0])
    seen = gaussian_filter(light, beam)
    velocity = gaussian_filter(light * velocity, beam) / seen
    snr = rng.uniform(30, 80) * np.sqrt(seen / seen[hexagon].max())
    error = np.clip(VELOCITY_ERROR / snr, 2, 25)
    noise = gaussian_filter(rng.normal(size=x.shape), CORRELATION / np.sqrt(2))
    noise *= error / noise.std()
    return (
        VelocityField.from_arrays(velocity + noise, x, y, mask=~hexagon, ivar=error**-2.0),
        VelocityField.from_arrays(velocity, x, y, mask=~hexagon, ivar=np.full(x.shape, 100.0)),
    )


def _defect(rng, options):
    """Name of what is wrong with a galaxy, and the options that make it so."""
    name = str(rng.choice(DEFECTS))
    central = float(rng.uniform(20, 50))
    return name, {
        "outliers": {"outliers": 0.02},
        "missing patches": {"missing": 2, "foreground": 1},
        "low S/N": {"snr": float(rng.uniform(8, 25))},
        "cold": {"dispersion": replace(options["dispersion"], central=central, outer=central / 2)},
        "spaxels": {"bintype": "SPX"},
    }.get(name, {})


def _without_centre(field, radius):
    names = ("ivar", "bin_id", "dispersion", "dispersion_ivar", "instrumental_dispersion", "flux")
    return VelocityField.from_arrays(
        field.velocity,
        field.x,
        field.y,
        mask=field.mask | (np.hypot(field.x.value, field.y.value) < radius),
        **{name: getattr(field, name) for name in names},
    )


def peak_excess(field, axis, axis_ratio, reff):
    """
    Share by which both peaks of the dispersion exceed the centre and the minor axis.

    At the distance, above a quarter of an effective radius, where it is largest; read off the map,
    by other means than the measurement.
    """
    angle, dispersion = np.radians(axis), field.intrinsic_dispersion.value
    x, y, good = field.x.value, field.y.value, field.good & np.isfinite(dispersion)
    along = x * np.sin(angle) + y * np.cos(angle)
    across = x * np.cos(angle) - y * np.sin(angle)

    def at(where, side):
        place = good & (np.hypot(along - where, across - side) < PLACE)
        return dispersion[place].mean() if place.any() else np.nan

    centre, axis_ratio = at(0, 0), max(axis_ratio, 0.3)
    excess = [-1.0]
    for radius in np.arange(max(reff / 4, 1.25), np.abs(along[good]).max(), 0.5):
        minor = np.mean([at(0, side * axis_ratio * radius) for side in (-1, 1)])
        peak = min(at(radius, 0), at(-radius, 0))
        excess.append(peak / max(centre, minor) - 1)
    return np.nanmax(excess)


def dip(k1):
    """Depth of the deepest minimum of k1, over the lower of the maxima inside and outside."""
    depth = [
        1 - k1[i] / max(min(k1[:i].max(), k1[i + 1 :].max()), 1e-9) for i in range(1, k1.size - 1)
    ]
    return max(depth, default=-1.0)
