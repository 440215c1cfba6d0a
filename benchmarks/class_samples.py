"""Simulated galaxies whose kinematic classes are known, and what is measured on them."""

from dataclasses import replace

import numpy as np
from two_discs import ORDINARY, TWO_SENSES, case, cases

from mangapa import VelocityField, clean, pa_profile, simulate_galaxy
from mangapa.fitting._prepared import prepare
from mangapa.kinematics._classes import peaks_of
from mangapa.profiles._features import field_features
from mangapa.profiles._kinemetry_profile import kinemetry_prepared
from mangapa.profiles._profile import profile_prepared
from mangapa.simulate import CounterDisc

#: What is wrong with every second galaxy.
DEFECTS = (
    *("none",) * 6,
    *("outliers", "missing patches", "low S/N", "masked centre", "cold", "spaxels"),
)
#: Galaxies with a fast disc within another of the same sense: k1 may have two maxima.
INNER = "inner disc"
#: Families of which one in so many galaxies is drawn as of the two discs.
FEWER = 2.5
#: Errors of the axis of the light, degrees, and of its ellipticity.
PA_ERROR, ELLIPTICITY_ERROR = 5.0, 0.05
#: Peaks of the noiseless dispersion exceed the centre and the minor axis by this share.
PEAK = 0.05
#: Radius of the places where the noiseless dispersion is read, arcsec.
PLACE = 0.8
NOISELESS = {"snr": 1e7, "bintype": "SPX", "outliers": 0.0, "missing": 0, "foreground": 0}
#: A minimum of the noiseless k1 is this much below the lower maximum.
DIP = 0.05


def sample(n, seed=0):
    """List jobs for `measured`: family, how many galaxies it has, number and seed."""
    jobs = []
    for family in (*ORDINARY, *TWO_SENSES, INNER):
        number = n if family == "two discs" else int(n / FEWER)
        jobs += [(family, number, i, seed) for i in range(number)]
    return jobs


def measured(job):
    """Simulate one galaxy, and measure what the classes rest on; returns a `dict`."""
    family, number, i, seed = job
    rng = np.random.default_rng([7, seed, i])
    drawn = _inner(seed, i) if family == INNER else list(cases(family, number, seed))[i]
    defect, options = _defect(rng, drawn.options)
    options = drawn.options | options | {"pa_halpha": None}
    galaxy, quiet = simulate_galaxy(**options), simulate_galaxy(**options | NOISELESS)
    reff, axis = galaxy.effective_radius.value, options["pa_stellar"]
    field = galaxy.stellar
    if defect == "masked centre":
        field = _without_centre(field, rng.uniform(0.8, 2))
    row = {"family": family, "defect": defect, "number": i, "reff": reff, **drawn.truth}
    row |= {name: options[name] for name in ("inclination", "n_fibres", "snr", "v_max")}
    row |= _truth(quiet.stellar, axis, 1 - galaxy.ellipticity, reff)
    ellipticity = galaxy.ellipticity + ELLIPTICITY_ERROR * rng.normal()
    light = {
        "photometric_pa": axis + PA_ERROR * rng.normal(),
        "ellipticity": float(np.clip(ellipticity, 0, 0.9)),
    }
    prepared = prepare(clean(field))
    return row | {"evidence": evidence_of(prepared, reff, **light)}


def evidence_of(prepared, reff, **light):
    """What the classes of a galaxy rest on; `None` if its field cannot be measured."""
    profile = None if prepared.flags else kinemetry_prepared(prepared)
    if profile is None or not len(profile):
        return None
    k1, error = (profile[name].value for name in ("k1", "k1_err"))
    known = np.isfinite(k1 + error)
    return {
        "peaks": peaks_of(prepared, reff, **light)[0],
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


def _inner(seed, i):
    """A disc with a fast inner disc, twice of three times."""
    rng = np.random.default_rng([5, seed, i])
    drawn = case("plain", rng)
    inner = CounterDisc(
        mass_fraction=rng.uniform(0.2, 0.6),
        scale=rng.uniform(0.1, 0.4),
        rotation=rng.uniform(0.7, 1.5),
        turn=0,
    )
    more = {"counter_disc": inner if i % 3 else None, "kinematics": "moments"}
    return replace(drawn, options=drawn.options | more)


def _defect(rng, options):
    """Name of what is wrong with a galaxy, and the options that make it so."""
    name = str(rng.choice(DEFECTS))
    if name == "cold" and not isinstance(options["dispersion"], float):
        name = "none"
    return name, {
        "outliers": {"outliers": 0.02},
        "missing patches": {"missing": 2, "foreground": 1},
        "low S/N": {"snr": float(rng.uniform(8, 25))},
        "cold": {"dispersion": float(rng.uniform(15, 45))},
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


def _truth(field, axis, axis_ratio, reff):
    """What a field without noise shows: peaks, a minimum of k1, turns."""
    prepared = prepare(field)
    features = field_features("profile", profile_prepared(prepared))
    k1 = kinemetry_prepared(prepared)["k1"].value
    return {
        "has_peaks": bool(peak_excess(field, axis, axis_ratio, reff) > PEAK),
        "has_dip": bool(dip(k1[np.isfinite(k1)]) > DIP),
        "twist": abs(features.warp_turn.value),
    }


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
