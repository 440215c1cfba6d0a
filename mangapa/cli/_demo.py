"""``mangapa demo``: a dozen simulated galaxies, measured and compared with the truth."""

from importlib.util import find_spec
from pathlib import Path

import mangapa
from mangapa.angles import misalignment
from mangapa.catalogue import tabulate
from mangapa.cli._exit import ALL_GOOD
from mangapa.cli._options import add_command, add_path, add_settings, settings_from
from mangapa.cli._output import (
    NOTE,
    check_folder,
    print_table,
    print_warnings,
    save_figure,
)

#: Description of each galaxy, and the options of its simulation.
DEMO = (
    ("aligned", {"pa_stellar": 30}),
    ("aligned, small IFU", {"pa_stellar": 75, "n_fibres": 19}),
    ("nearly face-on", {"pa_stellar": 120, "inclination": 20}),
    ("nearly edge-on", {"pa_stellar": 165, "inclination": 80}),
    ("misaligned gas", {"pa_stellar": 210, "pa_halpha": 270}),
    ("polar gas", {"pa_stellar": 255, "pa_halpha": 345}),
    ("counter-rotating gas", {"pa_stellar": 300, "pa_halpha": 120}),
    ("decoupled core", {"pa_stellar": 345, "core_radius": 2.5}),
    ("warp of 20 deg from 20 to 40", {"pa_stellar": 20, "warp": 20}),
    ("faint", {"pa_stellar": 65, "snr": 12}),
    ("foreground blobs, outliers", {"pa_stellar": 110, "foreground": 2, "outliers": 0.02}),
    ("missing patches", {"pa_stellar": 155, "missing": 3, "v_sys": 25}),
)
CONVENTION = """\
Position angles are in degrees, North through East, to the receding side. The true angle of the warp
is that of its centre: the global angle is a mean over all radii."""
#: Columns that are printed, the true values before the measured ones.
SHOWN = (
    *("plateifu", "stellar_true", "stellar_pa", "stellar_pa_err", "stellar_score"),
    *("halpha_true", "halpha_pa", "halpha_pa_err", "halpha_score"),
    *("pa_offset_true", "pa_offset", "pa_offset_err"),
)


def add_to(commands):
    """Add the command."""
    demo = add_command(commands, "demo", _demo)
    folder = "folder for the files (default: %(default)s)"
    add_path(demo, "--out", "DIR", folder, default=Path("mangapa-demo"))
    add_settings(demo)


def _demo(options):
    settings = settings_from(options)
    check_folder("--out", options.out)
    # Figures are an extra, and the angles are worth seeing without them.
    draws = find_spec("matplotlib") is not None
    work = "Simulating, measuring and drawing" if draws else "Simulating and measuring"
    print(f"{work} {len(DEMO)} galaxies:", flush=True)
    measurements = []
    for seed, (description, simulation) in enumerate(DEMO):
        print(f"{seed + 1:3} of {len(DEMO)}: {description}", flush=True)
        simulation = {"n_fibres": 61, **simulation}
        plateifu = f"9999-{simulation['n_fibres']}{seed + 1:02d}"
        galaxy = mangapa.simulate_galaxy(plateifu=plateifu, seed=seed, **simulation)
        path = options.out / f"manga-{plateifu}-MAPS-{galaxy.daptype}.fits.gz"
        mangapa.write_maps(galaxy, path)
        measurement = mangapa.measure(path, settings=settings)
        if draws:
            save_figure(measurement, path.with_name(f"{plateifu}.png"))
        measurements.append(measurement)
    table = tabulate(measurements)
    for tracer, card in (("stellar", "TRUEPAST"), ("halpha", "TRUEPAHA")):
        truth = [measurement.galaxy.header[card] for measurement in measurements]
        table.add_column(truth, name=f"{tracer}_true", index=table.colnames.index(f"{tracer}_pa"))
        table[f"{tracer}_true"].info.format = ".0f"
        table[f"{tracer}_true"].info.unit = table[f"{tracer}_pa"].unit
    table.add_column(
        misalignment(table["stellar_true"], table["halpha_true"]).angle,
        name="pa_offset_true",
        index=table.colnames.index("pa_offset"),
    )
    table["pa_offset_true"].info.format = ".0f"
    catalogue = mangapa.write_catalogue(table, options.out / "catalogue.ecsv")
    shown = table[list(SHOWN)]
    shown.add_column([name for name, _ in DEMO], name="galaxy", index=1)
    print()
    print_table(shown)
    print_warnings([(measurement.galaxy.name, measurement) for measurement in measurements])
    print(f"\n{CONVENTION}\n{NOTE}")
    figures = "the figures are in the same folder"
    if not draws:
        figures = "figures need matplotlib: pip install 'mangapa[plot]'"
    print(f"{catalogue} has all columns; {figures}.")
    return ALL_GOOD
