"""``mangapa demo``: a dozen simulated galaxies, measured and set beside the truth."""

from pathlib import Path

import mangapa
from mangapa.catalogue import tabulate
from mangapa.cli._options import add_command, add_fit_options, fit_options
from mangapa.cli._output import (
    ALL_GOOD,
    PRINTED,
    print_table,
    print_trouble,
    progress,
    save_figure,
)

__all__ = ["add_to"]

#: The galaxies of the demonstration: what is told of each, and how it is simulated.
DEMO = (
    ("aligned", {"pa_stellar": 30}),
    ("aligned, small IFU", {"pa_stellar": 75, "n_fibres": 19}),
    ("nearly face-on", {"pa_stellar": 120, "inclination": 20}),
    ("nearly edge-on", {"pa_stellar": 165, "inclination": 80}),
    ("misaligned gas", {"pa_stellar": 210, "pa_halpha": 270}),
    ("polar gas", {"pa_stellar": 255, "pa_halpha": 345}),
    ("counter-rotating gas", {"pa_stellar": 300, "pa_halpha": 120}),
    ("decoupled core", {"pa_stellar": 345, "core_radius": 2.5}),
    ("warp, 20 deg at the edge", {"pa_stellar": 20, "warp": 20}),
    ("faint", {"pa_stellar": 65, "snr": 12}),
    ("foreground blobs, outliers", {"pa_stellar": 110, "foreground": 2, "outliers": 0.02}),
    ("missing patches", {"pa_stellar": 155, "missing": 3, "v_sys": 25}),
)


def add_to(commands):
    """Add the command."""
    demo = add_command(
        commands,
        "demo",
        _demo,
        "simulate a dozen galaxies, measure them, set the results beside the truth",
    )
    demo.add_argument(
        "--out", type=Path, default=Path("mangapa-demo"), metavar="DIR", help="default: %(default)s"
    )
    add_fit_options(demo)


def _demo(options):
    options.out.mkdir(parents=True, exist_ok=True)
    measurements = []
    for seed, (_, settings) in enumerate(progress(DEMO)):
        settings = {"n_fibres": 61, **settings}
        plateifu = f"9999-{settings.pop('n_fibres')}{seed + 1:02d}"
        galaxy = mangapa.simulate_galaxy(plateifu=plateifu, seed=seed, **settings)
        path = options.out / f"manga-{plateifu}-MAPS-{galaxy.daptype}.fits.gz"
        mangapa.write_maps(galaxy, path)
        measurement = mangapa.measure(path, **fit_options(options))
        save_figure(measurement, path.with_name(f"{plateifu}.png"))
        measurements.append(measurement)
    table = tabulate(measurements)
    for tracer, card in (("stellar", "TRUEPAST"), ("halpha", "TRUEPAHA")):
        truth = [measurement.galaxy.header[card] for measurement in measurements]
        table.add_column(truth, name=f"{tracer}_true", index=table.colnames.index(f"{tracer}_pa"))
        table[f"{tracer}_true"].info.format = ".0f"
        table[f"{tracer}_true"].info.unit = table[f"{tracer}_pa"].unit
    catalogue = mangapa.write_catalogue(table, options.out / "catalogue.ecsv")
    shown = table[["plateifu", "stellar_true", *PRINTED[1:4], "halpha_true", *PRINTED[4:]]]
    shown.add_column([name for name, _ in DEMO], name="galaxy", index=1)
    print_table(shown)
    print_trouble(measurements)
    print("\nPosition angles in degrees, North through East, to the receding side.")
    print(f"All columns are in {catalogue}; now look at the figures beside it.")
    return ALL_GOOD
