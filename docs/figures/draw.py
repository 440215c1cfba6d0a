"""Draw the figures of the first pages of the documentation, and those of the profiles.

python docs/figures/draw.py
"""

from pathlib import Path

from matplotlib.figure import Figure

import mangapa

FOLDER = Path(__file__).parent
#: Resolution, dots per inch, and size, inches.
DPI, PAIR, COLUMN, WIDE = 90, (11, 5.2), (5.6, 8.2), (10.5, 6.4)


def save(drawable, name, size, **options):
    """Draw an object on a figure, and write it with few colours."""
    from PIL import Image

    figure = Figure(figsize=size, layout="constrained")
    drawable.plot(figure, **options)
    path = FOLDER / name
    figure.savefig(path, dpi=DPI)
    with Image.open(path) as image:
        image.convert("RGB").quantize(128).save(path, optimize=True)


def main():
    """Draw all of them."""
    real_looking = {"n_fibres": 127, "snr": 10, "outliers": 0.005, "bintype": "HYB10", "seed": 2}
    galaxy = mangapa.simulate_galaxy(
        plateifu="8485-12701", pa_stellar=60, pa_halpha=105, **real_looking
    )
    save(mangapa.measure(galaxy), "galaxy.png", PAIR)
    galaxy = mangapa.simulate_galaxy(n_fibres=37, pa_stellar=30, pa_halpha=210, outliers=0.01)
    save(mangapa.measure(galaxy), "start.png", PAIR)
    galaxy = mangapa.simulate_galaxy(
        n_fibres=61, pa_stellar=40, pa_halpha=220, core_radius=4, seed=3
    )
    field = mangapa.clean(galaxy.stellar)
    profile = mangapa.pa_profile(field, effective_radius=galaxy.effective_radius)
    save(profile, "profile.png", COLUMN, result=mangapa.fit_pa(field))
    galaxy = mangapa.simulate_galaxy(
        n_fibres=127, pa_stellar=40, warp=50, inclination=50, snr=25, seed=4
    )
    field = mangapa.clean(galaxy.stellar)
    profile = mangapa.kinemetry(field, effective_radius=galaxy.effective_radius)
    save(profile, "kinemetry.png", WIDE)


if __name__ == "__main__":
    main()
