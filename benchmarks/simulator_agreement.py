"""
Comparison of `simulate_galaxy` with the fields of an independent simulator of equal parameters.

    python benchmarks/simulator_agreement.py

Effective radii differ: those of `simulate_galaxy` follow from the field of view. So noise and light
are only alike, and what is compared most closely are the angles without noise.
"""

import warnings

import numpy as np
from simulated_fields import simulated_fields

from mangapa import clean, fit_pa, pa_profile, simulate_galaxy
from mangapa.simulate import FIELD_OF_VIEW, Bar, Warp

FAMILIES = ("plain", "bar", "bar-hs", "oval", "rad", "warp", "warp-hs")
#: Share of the change beyond the outer radius up to which the other simulator extrapolates.
EXTRAPOLATED = 1.3
RADII = np.arange(2.0, 15.0)  # arcsec


def main():
    warnings.simplefilter("ignore", RuntimeWarning)
    print(f"{'':10}{'n':>4}   median |dPA| and pull, theirs and ours | without noise")
    for family in FAMILIES:
        rows, turns = [], []
        for number, one in enumerate(simulated_fields(family)):
            quiet = equal(one, number, snr=1e6)
            fits = [fit_pa(clean(field)) for field in (one.field, equal(one, number))]
            fits += [fit_pa(field) for field in (one.noiseless, quiet)]
            errors = [fit.pa_err.value for fit in fits[:2]]
            rows.append([off(fit.pa.value - one.pa) for fit in fits] + errors)
            if "warp" in one.params:
                theirs, ours = (on_rings(field) for field in (one.noiseless, quiet))
                turns.append(off(theirs - ours))
        print_family(family, np.array(rows), turns)


def equal(one, seed, snr=None):
    """Simulate the galaxy of an independent field."""
    params = one.params
    options = {
        "n_fibres": params["nf"],
        "pa_stellar": one.pa,
        "inclination": params["inc"],
        "v_max": params["vmax"],
        # In its effective radii; ours are a third of the field of view.
        "turnover": params["turn"] * params["re"] / (FIELD_OF_VIEW[params["nf"]] / 3),
        "v_sys": params["vsys"],
        "bintype": "VOR10" if params["binned"] else "SPX",
        "snr": snr or params["snc"],
        # Azimuths are counted in the opposite sense.
        "radial_flow": -params.get("rad", 0.0),
        "psf": 2.5,
        "dithered": True,
        "seed": seed,
    }
    if "bar" in params:
        bar = params["bar"]
        options["bar"] = Bar(amplitude=bar["amp"], radius=bar["r"], angle=-bar["phi"])
    if "warp" in params:
        warp = params["warp"]
        tilt = np.clip(EXTRAPOLATED * warp["dinc"], -params["inc"], 90 - params["inc"])
        options["warp"] = Warp(
            turn=EXTRAPOLATED * warp["dpa"],
            tilt=tilt,
            inner=warp["r0"],
            outer=warp["r0"] + EXTRAPOLATED * (warp["r1"] - warp["r0"]),
        )
    else:
        options["thickness"] = min(1.0, 1.678 * params["thick"] / params["re"])
    return simulate_galaxy(**options).stellar


def on_rings(field):
    """Return the position angles at the radii, NaN beyond the rings."""
    profile = pa_profile(field)
    angles = np.unwrap(profile["pa"].value, period=360)
    return np.interp(RADII, profile["radius"].value, angles, left=np.nan, right=np.nan)


def off(angle):
    """Bring an angle into -180 to 180 degrees."""
    return (angle + 180) % 360 - 180


def print_family(family, rows, turns):
    """Print how alike the angles of one family are."""
    size = np.nanmedian(np.abs(rows), axis=0)
    pull = 1.48 * np.nanmedian(np.abs(rows[:, :2] / rows[:, 4:]), axis=0)
    apart = np.nanmedian(np.abs(off(rows[:, 2] - rows[:, 3])))
    together = np.corrcoef(rows[:, 2], rows[:, 3])[0, 1]
    line = (
        f"{family:10}{len(rows):4}   {size[0]:5.2f} {pull[0]:5.2f}, {size[1]:5.2f} {pull[1]:5.2f} "
        f"| {size[2]:5.2f}, {size[3]:5.2f}, apart {apart:.2f}, correlation {together:.2f}"
    )
    if turns:
        line += f"; PA(R) apart {np.nanmedian(np.abs(np.concatenate(turns))):.2f}"
    print(line)


if __name__ == "__main__":
    main()
