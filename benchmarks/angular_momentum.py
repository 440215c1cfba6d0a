"""lambda_R and V/sigma of simulated galaxies against the truth: noise, apertures and beams."""

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import gammaincinv

from mangapa import VelocityField, angular_momentum, simulate_galaxy
from mangapa.kinematics._angular_momentum import BIAS_LEFT, CENTRE_ERROR
from mangapa.simulate._noise import CORRELATION_SPAXELS, bins_by_snr

#: Side of a spaxel, and half the side of the field, arcsec.
SPAXEL, REACH = 0.5, 12.0
INSTRUMENT = 70.0


@dataclass(frozen=True, kw_only=True)
class Model:
    """A thin disc with a dispersion that falls outwards; angles in deg, arcsec and km/s."""

    pa: float
    inclination: float
    v_max: float
    turnover: float
    dispersion: float
    effective_radius: float  # semi-major axis
    sersic_index: float = 1.0

    @property
    def axis_ratio(self):
        return np.sqrt(np.cos(np.radians(self.inclination)) ** 2 * 0.96 + 0.04)

    def at(self, x, y):
        """Light, velocity and dispersion."""
        angle = np.radians(self.pa)
        along = x * np.sin(angle) + y * np.cos(angle)
        across = (x * np.cos(angle) - y * np.sin(angle)) / self.axis_ratio
        radius = np.maximum(np.hypot(along, across), 1e-6)
        b = gammaincinv(2 * self.sersic_index, 0.5)
        scaled = radius / self.effective_radius
        light = np.exp(-b * scaled ** (1 / self.sersic_index))
        speed = self.v_max * np.sin(np.radians(self.inclination)) * np.tanh(radius / self.turnover)
        return light, speed * along / radius, self.dispersion * np.exp(-scaled / 4)


def random_model(rng, *, slow=False):
    return Model(
        pa=rng.uniform(0, 360),
        inclination=rng.uniform(25, 80),
        v_max=rng.uniform(0, 40) if slow else rng.uniform(60, 300),
        turnover=rng.uniform(0.5, 4),
        dispersion=rng.uniform(150, 280) if slow else rng.uniform(50, 200),
        effective_radius=rng.uniform(3.5, 9),
        sersic_index=rng.uniform(2, 5) if slow else rng.uniform(0.7, 3),
    )


def seen(model, fwhm=0.0, finer=5):
    """Spaxel places, light, mean velocity and dispersion through a Gaussian beam."""
    n = 2 * int(REACH / SPAXEL) + 1
    if fwhm == 0:
        finer = 1
    fine = (np.arange(n * finer) + 0.5) / finer * SPAXEL - n * SPAXEL / 2
    y, x = np.meshgrid(fine, -fine, indexing="ij")
    light, velocity, dispersion = model.at(x, y)
    sums = [light, light * velocity, light * (velocity**2 + dispersion**2)]
    if fwhm:
        width = fwhm / 2.3548 / SPAXEL * finer
        sums = [gaussian_filter(one, width, mode="nearest") for one in sums]
    x, y, light, first, second = (
        one.reshape(n, finer, n, finer).mean(axis=(1, 3)) for one in (x, y, *sums)
    )
    mean = first / light
    return x, y, light, mean, np.sqrt(second / light - mean**2)


def truth(model, x, y, light, velocity, dispersion):
    """lambda_R and V/sigma by their definitions, without noise."""
    angle = np.radians(model.pa)
    along = x * np.sin(angle) + y * np.cos(angle)
    across = (x * np.cos(angle) - y * np.sin(angle)) / model.axis_ratio
    inside = np.hypot(along, across) <= model.effective_radius
    f, r, v, s = (one[inside] for one in (light, np.hypot(x, y), velocity, dispersion))
    lambda_r = (f * r * np.abs(v)).sum() / (f * r * np.hypot(v, s)).sum()
    return lambda_r, np.sqrt((f * v**2).sum() / (f * s**2).sum())


def observed(rng, model, *, error, kind, fwhm=0.0):
    """A field with noise; ``error`` is that of the velocities at one effective radius, km/s."""
    x, y, light, velocity, dispersion = seen(model, fwhm)
    hexagon = np.hypot(x, y) < REACH
    b = gammaincinv(2 * model.sersic_index, 0.5)
    sizes = error * np.sqrt(np.exp(-b) / np.maximum(light, 1e-3 * np.exp(-b)))
    bins, count = None, None
    if kind == "binned":
        # Bins are made until the error is that at the effective radius.
        bins = bins_by_snr(10 * error / sizes, hexagon, shared=False)
        inside = bins >= 0
        ids = bins[inside]
        weight = np.bincount(ids, light[inside])
        count = np.bincount(ids)
        second = velocity**2 + dispersion**2
        mean = np.bincount(ids, (light * velocity)[inside]) / weight
        spread = np.bincount(ids, (light * second)[inside]) / weight
        velocity, dispersion = velocity.copy(), dispersion.copy()
        velocity[inside], dispersion[inside] = mean[ids], np.sqrt(spread - mean**2)[ids]
        size = np.sqrt(np.bincount(ids, sizes[inside] ** 2)) / count
        sizes = sizes.copy()
        sizes[inside] = size[ids]

    def noise():
        if kind == "binned":
            values = np.zeros(x.shape)
            values[bins >= 0] = rng.normal(size=count.size)[bins[bins >= 0]]
            return values
        values = rng.normal(size=x.shape)
        if kind == "correlated":
            values = gaussian_filter(values, CORRELATION_SPAXELS / np.sqrt(2), mode="wrap")
            values /= values.std()
        return values

    sizes = np.maximum(sizes, 1.0)
    measured = np.hypot(dispersion, INSTRUMENT) + sizes * noise()
    return VelocityField.from_arrays(
        velocity + sizes * noise(),
        x,
        y,
        mask=~hexagon,
        bin_id=bins,
        ivar=sizes**-2,
        dispersion=np.maximum(measured, 0),
        dispersion_ivar=sizes**-2,
        instrumental_dispersion=INSTRUMENT,
        flux=light,
    )


def naive(field, options):
    """lambda_R by its definition, noise and all."""
    aperture = Model(
        pa=options["pa"],
        inclination=0,
        v_max=0,
        turnover=1,
        dispersion=1,
        effective_radius=options["effective_radius"],
    )
    good = field.good
    square = field.dispersion.value**2 - INSTRUMENT**2
    angle = np.radians(aperture.pa)
    x, y = field.x.value, field.y.value
    along = x * np.sin(angle) + y * np.cos(angle)
    across = (x * np.cos(angle) - y * np.sin(angle)) / (1 - options["ellipticity"])
    inside = good & (np.hypot(along, across) <= aperture.effective_radius)
    f, r, v = (one[inside] for one in (field.flux.value, np.hypot(x, y), field.velocity.value))
    s2 = np.maximum(square[inside], 0)
    return (f * r * np.abs(v)).sum() / (f * r * np.sqrt(v**2 + s2)).sum()


def shape_options(model, rng=None):
    """Options of the aperture; with ``rng`` they are wrong by the errors that are assumed."""
    turn, stretch, shape = (0, 1, 0) if rng is None else rng.normal([0, 1, 0], [5, 0.1, 0.05])
    ratio = float(np.clip(model.axis_ratio + shape, 0.06, 1))
    return {
        "pa": model.pa + turn,
        "effective_radius": model.effective_radius * max(stretch, 0.5),
        "ellipticity": 1 - ratio,
        "radius": "major_axis",
    }


def summary(values):
    values = np.array(values)[np.isfinite(values)]
    return np.percentile(np.abs(values), 68.3), np.median(values), values.size


def print_noise(n):
    print(
        "\nNoise alone: median of found - true, without and with the correction for the bias, "
        "and the 68 % point of |found - true| / error"
    )
    for slow in (True, False):
        for kind in ("binned", "correlated", "white"):
            for error in (3, 8, 16, 30):
                rng = np.random.default_rng(1)
                plain, fixed, pulls, ratios, ratio_pulls = [], [], [], [], []
                for _ in range(n):
                    model = random_model(rng, slow=slow)
                    field = observed(rng, model, error=error, kind=kind)
                    x, y, *maps = seen(model)
                    true, true_ratio = truth(model, x, y, *maps)
                    options = shape_options(model)
                    found = angular_momentum(field, **options)
                    plain.append(naive(field, options) - true)
                    fixed.append(found.lambda_r - true)
                    pulls.append(
                        fixed[-1] / np.hypot(found.lambda_r_err, BIAS_LEFT * found.noise_bias)
                    )
                    ratios.append(found.v_over_sigma - true_ratio)
                    ratio_pulls.append(ratios[-1] / (found.v_over_sigma_err or np.nan))
                print(
                    f"{'slow' if slow else 'fast':5} {kind:10} error {error:2} km/s: lambda_R "
                    f"{np.median(plain):+.3f} {np.median(fixed):+.3f}, pull {summary(pulls)[0]:.2f}"
                    f"; V/sigma {np.nanmedian(ratios):+.3f}, pull {summary(ratio_pulls)[0]:.2f}"
                    f" ({np.isfinite(ratios).sum()} of {n})"
                )


def print_apertures(n):
    print("\nApertures that are wrong by their errors: 68 % point of |found - true| / error")
    for slow in (True, False):
        rng = np.random.default_rng(2)
        pulls, ratio_pulls = [], []
        for _ in range(n):
            model = random_model(rng, slow=slow)
            field = observed(rng, model, error=6, kind="binned")
            shift = rng.normal(0, CENTRE_ERROR, 2)
            field = VelocityField.from_arrays(
                field.velocity,
                field.x.value + shift[0],
                field.y.value + shift[1],
                mask=field.mask,
                bin_id=field.bin_id,
                ivar=field.ivar,
                dispersion=field.dispersion,
                dispersion_ivar=field.dispersion_ivar,
                instrumental_dispersion=field.instrumental_dispersion,
                flux=field.flux,
            )
            true, true_ratio = truth(model, *seen(model))
            found = angular_momentum(field, **shape_options(model, rng))
            pulls.append((found.lambda_r - true) / found.lambda_r_err_total)
            ratio_pulls.append((found.v_over_sigma - true_ratio) / found.v_over_sigma_err_total)
        print(
            f"{'slow' if slow else 'fast':5} lambda_R {summary(pulls)[0]:.2f}, V/sigma "
            f"{summary(ratio_pulls)[0]:.2f} ({summary(pulls)[2]} of {n})"
        )


def print_growth(n):
    print(
        "\nlambda_R in 1 R_e from fields that end before: median of found - true without and with "
        'aperture_correction="growth_curve", and the 68 % point of |found - true| / error'
    )
    for reach in (0.5, 0.6, 0.7, 0.8, 0.9):
        rng = np.random.default_rng(5)
        plain, fixed, pulls = [], [], []
        for i in range(n):
            model = random_model(rng, slow=i % 5 == 0)
            field = observed(rng, model, error=6, kind="binned", fwhm=2.5)
            options = shape_options(model)
            options |= {"pa_err": 0.1, "ellipticity_err": 1e-3, "effective_radius_err": 1e-3}
            whole = angular_momentum(field, **options)
            outside = _semi_major(model, field) > reach * model.effective_radius
            cut = replace(field, mask=field.mask | outside)
            found = angular_momentum(cut, aperture_correction="growth_curve", **options)
            plain.append(found.lambda_r_within[-1:].sum() - whole.lambda_r)
            fixed.append(found.lambda_r_corrected - whole.lambda_r)
            pulls.append(fixed[-1] / found.lambda_r_corrected_err)
        print(
            f"to {reach} R_e: {np.median(plain):+.3f} {np.nanmedian(fixed):+.3f}, 68 % of "
            f"{summary(fixed)[0]:.3f}, pull {summary(pulls)[0]:.2f} ({summary(pulls)[2]} of {n})"
        )


def _semi_major(model, field):
    angle, x, y = np.radians(model.pa), field.x.value, field.y.value
    across = (x * np.cos(angle) - y * np.sin(angle)) / model.axis_ratio
    return np.hypot(x * np.sin(angle) + y * np.cos(angle), across)


def print_fibres(n):
    print(
        "\nGalaxies of simulate_galaxy, seen through fibres in three dithers: median of found - "
        "noiseless, of the bias that was removed, and 68 % points of the difference / error"
    )
    rng = np.random.default_rng(0)
    for slow in (True, False):
        found = []
        for seed in range(n):
            options = {
                "n_fibres": int(rng.choice([37, 61, 91, 127])),
                "pa_stellar": rng.uniform(0, 360),
                "inclination": rng.uniform(25, 75),
                "thickness": 0.2,
                "bintype": str(rng.choice(["VOR10", "SPX"])),
                "v_max": rng.uniform(5, 40) if slow else rng.uniform(80, 250),
                "dispersion": rng.uniform(120, 250) if slow else rng.uniform(60, 180),
                "psf": 2.5,
                "dithered": True,
                "seed": seed,
            }
            true, noisy = (
                _of_simulated(simulate_galaxy(snr=snr, **options))
                for snr in (1e5, rng.uniform(10, 60))
            )
            error = np.hypot(noisy.lambda_r_err, BIAS_LEFT * noisy.noise_bias)
            change = noisy.lambda_r - true.lambda_r
            of_ratio = (noisy.v_over_sigma - true.v_over_sigma) / noisy.v_over_sigma_err
            found.append([change, noisy.noise_bias, change / error, of_ratio])
        change, bias, pull, ratio_pull = np.transpose(found)
        print(
            f"{'slow' if slow else 'fast':5} lambda_R {np.nanmedian(change):+.4f}, bias "
            f"{np.nanmedian(bias):.4f}, pull {summary(pull)[0]:.2f}; V/sigma pull "
            f"{summary(ratio_pull)[0]:.2f} ({summary(pull)[2]} of {n})"
        )


def _of_simulated(galaxy):
    return angular_momentum(
        galaxy.stellar,
        effective_radius=galaxy.effective_radius,
        pa=galaxy.photometric_pa,
        ellipticity=galaxy.ellipticity,
        radius="major_axis",
    )


def print_beams(n):
    print("\nBeams, no noise: median and 68 % of |log10 found / true|, before and after")
    for fwhm in (1.5, 2.5, 3.5):
        rng = np.random.default_rng(3)
        rows = {name: [] for name in ("before", "graham2018", "harborne2020")}
        ratios = {name: [] for name in ("before", "harborne2020")}
        for _ in range(n):
            model = random_model(rng)
            field = observed(rng, model, error=1e-3, kind="white", fwhm=fwhm)
            fine = seen(model, 1e-3)
            true, true_ratio = truth(model, *fine)
            options = shape_options(model) | {"beam": fwhm, "sersic_index": model.sersic_index}
            for name in ("graham2018", "harborne2020"):
                found = angular_momentum(field, beam_correction=name, **options)
                rows[name].append(np.log10(found.lambda_r_corrected / true))
            rows["before"].append(np.log10(found.lambda_r / true))
            ratios["before"].append(np.log10(found.v_over_sigma / true_ratio))
            ratios["harborne2020"].append(np.log10(found.v_over_sigma_corrected / true_ratio))
        for what, table in (("lambda_R", rows), ("V/sigma", ratios)):
            text = ", ".join(
                f"{name} {summary(one)[1]:+.3f} {summary(one)[0]:.3f}"
                for name, one in table.items()
            )
            print(f"{fwhm} arcsec {what:8}: {text}")


def print_speed():
    rng = np.random.default_rng(4)
    model = random_model(rng)
    field = observed(rng, model, error=6, kind="correlated")
    from mangapa.fitting._prepared import prepare
    from mangapa.kinematics._angular_momentum import angular_momentum_prepared

    prepared, options = prepare(field), shape_options(model)
    angular_momentum_prepared(prepared, **options)
    start = time.process_time()
    for _ in range(20):
        angular_momentum_prepared(prepared, **options)
    each = (time.process_time() - start) / 20
    print(f"\n{field.n_spaxels} spaxels of a prepared field: {1e3 * each:.1f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=200, help="galaxies for each line")
    options = parser.parse_args()
    print_noise(options.n)
    print_apertures(options.n)
    print_beams(options.n)
    print_growth(options.n)
    print_fibres(options.n)
    print_speed()


if __name__ == "__main__":
    main()
