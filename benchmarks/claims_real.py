"""Claims about real fields: repeat observations, stars against gas, photometry."""

import numpy as np
from claims import axes_apart, mapped, pull
from real_fields import velocity_fields
from real_precision import inclined_discs, repeats

from mangapa import fit_pa, misalignment

#: Galaxies whose stars and gas should rotate alike: apart by less than this, degrees.
ALIGNED = 30.0


def claim_stars_against_gas(claims):
    """Aligned galaxies with two clean fields without a feature."""
    pairs = [
        (claims.real[galaxy, "stellar"], claims.real[galaxy, "halpha"])
        for galaxy, row in claims.catalogue.items()
        if row["stel_qual"] == row["halpha_qual"] == "2"
        and row["stel_feature"] == row["halpha_feature"] == "0"
        and {(galaxy, "stellar"), (galaxy, "halpha")} <= claims.real.keys()
    ]
    between = [misalignment(*pair) for pair in pairs]
    angle, error = np.array([(one.angle.value, one.error.value) for one in between]).T
    aligned = angle < ALIGNED
    angle, error, n = angle[aligned], error[aligned], int(aligned.sum())
    claims.add("stars against gas, clean and aligned: pull", pull(angle, error), 0.9, 1.1, n=n)
    beyond = np.mean(angle > 2 * error)
    claims.add("the same: beyond two errors", beyond, high=0.07, n=n, percent=True)


def claim_repeats(claims):
    """Two observations of one galaxy."""
    tracers = ("stellar", "halpha")
    pairs = {tracer: repeats(claims.catalogue, tracer) for tracer in tracers}

    def compared(found, keys):
        both = [[found[key] for key in pair] for pair in keys]
        apart = [abs(axes_apart(a.pa.value, b.pa.value)) for a, b in both]
        noise, total = (
            [np.hypot(*(getattr(one, name).value for one in pair)) for pair in both]
            for name in ("pa_err", "pa_err_total")
        )
        return np.array(apart), np.array(noise), np.array(total)

    for tracer, title, limit in (("stellar", "stars", 1.4), ("halpha", "gas", 1.05)):
        apart, noise, total = compared(claims.real, pairs[tracer])
        n = len(apart)
        claims.add(
            f"repeats, usable {title}: median difference, deg", np.median(apart), high=limit, n=n
        )
        claims.add(
            f"repeats, usable {title}: pull, noise alone", pull(apart, noise), 0.85, 1.1, n=n
        )
        claims.add(f"repeats, usable {title}: pull, both errors", pull(apart, total), high=1.1, n=n)
    both = pairs["stellar"] + pairs["halpha"]
    wanted = {key for pair in both for key in pair}
    fields = {(f.galaxy, f.tracer): f for f in velocity_fields() if (f.galaxy, f.tracer) in wanted}
    for method in ("symmetry", "harmonic"):
        fit = mapped(fit_pa, method=method, error="bootstrap")
        found = dict(zip(fields, claims.map(fit, fields.values()), strict=True))
        apart, noise, _ = compared(found, both)
        claims.add(
            f"repeats, {method}, bootstrap: pull", pull(apart, noise), high=1.2, n=len(apart)
        )


def claim_photometry(claims):
    """Clean, inclined stellar discs against the position angle of their light."""
    discs = inclined_discs(claims.catalogue)
    pa = np.array([claims.real[key].pa.value for key in discs])
    light = [claims.value(galaxy, "nsa_elpetro_phi") for galaxy, _ in discs]
    off = np.nan_to_num(np.abs(axes_apart(pa, light)), nan=90.0)
    for share, limit in ((50, 2.4), (68, 3.9), (90, 9.5)):
        found = np.percentile(off, share)
        claims.add(
            f"against photometry: {share} % within, deg", found, high=limit, n=len(off), digits=1
        )
