"""The command ``mangapa``: what to type, and what is printed."""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

import mangapa
from mangapa.atomic import replacing
from mangapa.catalogue import tabulate
from mangapa.cleaning import MIN_REGION, SIGMA
from mangapa.columns import catalogue_columns
from mangapa.fields import TRACERS
from mangapa.fitting import available_methods
from mangapa.fitting.fit import ERRORS, N_STEPS
from mangapa.quality import describe
from mangapa.simulate import FIELD_OF_VIEW
from mangapa.simulate.galaxies import BINTYPES
from mangapa.surveys import MANGA_RELEASES

__all__ = ["main"]

ALL_GOOD, SOME_FAILED, BAD_USAGE = 0, 1, 2
#: What a terminal has room for; ``--json`` and the catalogue have every column.
PRINTED = (
    *("plateifu", "stellar_pa", "stellar_pa_err", "halpha_pa", "halpha_pa_err"),
    *("pa_offset", "pa_offset_err"),
)
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


def main(arguments=None):
    """
    Run the command line.

    Parameters
    ----------
    arguments : sequence of `str`, optional
        Those of the process if not given.

    Returns
    -------
    `int`
        0 if all went well, 1 if something failed, 2 if the command was wrong.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except ValueError as error:
        _complain(error)
        return BAD_USAGE
    except (ImportError, OSError) as error:
        return _complain(error)
    except KeyboardInterrupt:
        return _complain("interrupted")


def _parser():
    parser = argparse.ArgumentParser(
        prog="mangapa", description=mangapa.__doc__, epilog="mangapa COMMAND --help tells more."
    )
    parser.add_argument("--version", action="version", version=f"mangapa {mangapa.__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    demo = _command(
        commands,
        "demo",
        _demo,
        "simulate a dozen galaxies, measure them, set the results beside the truth",
    )
    demo.add_argument(
        "--out", type=Path, default=Path("mangapa-demo"), metavar="DIR", help="default: %(default)s"
    )
    _add_fit_options(demo)

    measure = _command(commands, "measure", _measure, "measure galaxies")
    measure.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="a MAPS file, or a plate-IFU in the local copy of the SAS",
    )
    measure.add_argument(
        "--release", default="DR17", help="where to look for a plate-IFU (default: %(default)s)"
    )
    measure.add_argument("--daptype", help="and in which analysis, such as VOR10")
    measure.add_argument("--json", action="store_true", help="print all columns as JSON")
    measure.add_argument("--plot", type=Path, metavar="DIR", help="write a figure a galaxy to DIR")
    measure.add_argument("--out", type=Path, metavar="FILE.ecsv", help="write a catalogue")
    _add_fit_options(measure)

    simulate = _command(commands, "simulate", _simulate, "write a simulated galaxy as a MAPS file")
    simulate.add_argument("path", type=Path, help="such as manga-9999-12701-MAPS-VOR10.fits.gz")
    simulate.add_argument(
        "--release",
        default="DR17",
        help="whose layout; one of "
        + ", ".join(name for r in MANGA_RELEASES for name in (r.name, *r.aliases))
        + " (default: %(default)s)",
    )
    simulate.add_argument("--bintype", choices=BINTYPES, default="VOR10")
    simulate.add_argument("--fibres", type=int, choices=tuple(FIELD_OF_VIEW), default=127)
    simulate.add_argument("--pa-stellar", type=float, default=60, metavar="DEG")
    simulate.add_argument("--pa-halpha", type=float, metavar="DEG", help="default: as the stars")
    simulate.add_argument("--inclination", type=float, default=55, metavar="DEG")
    simulate.add_argument("--v-max", type=float, default=200, metavar="KM/S")
    simulate.add_argument("--snr", type=float, default=60, help="of the central spaxel")
    simulate.add_argument("--seed", type=int, default=0)
    return parser


def _command(commands, name, run, purpose):
    command = commands.add_parser(
        name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}."
    )
    command.set_defaults(run=run)
    return command


def _add_fit_options(command):
    fit = command.add_argument_group("how to clean and fit")
    fit.add_argument("--method", default="default", choices=("default", *available_methods()))
    fit.add_argument(
        "--error",
        default="default",
        choices=[str(kind).lower() for kind in ERRORS],
        help="how the 1-sigma error is found (default: what is calibrated for the method)",
    )
    fit.add_argument(
        "--velocity-error",
        type=float,
        metavar="KM/S",
        help="one error for all velocities (10 as published; default: the file's own errors)",
    )
    fit.add_argument(
        "--v-sys",
        type=_velocity_or_median,
        metavar="KM/S",
        default="median",
        help="velocity to subtract first (0 as published; default: the median)",
    )
    fit.add_argument("--n-steps", type=int, default=N_STEPS, help="angles tried over 180 deg")
    fit.add_argument("--sigma", type=float, default=SIGMA, help="clipping threshold")
    fit.add_argument(
        "--min-region", type=float, default=MIN_REGION, help="smallest region kept, as a fraction"
    )


def _velocity_or_median(text):
    return text if text == "median" else float(text)


def _fit_options(options):
    return {
        "method": options.method,
        "error": None if options.error == "none" else options.error,
        "velocity_error": options.velocity_error,
        "v_sys": options.v_sys,
        "n_steps": options.n_steps,
        "sigma": options.sigma,
        "min_region": options.min_region,
    }


def _measure(options):
    measurements, failed = [], False
    if options.plot:
        options.plot.mkdir(parents=True, exist_ok=True)
    for source in _progress(options.sources):
        try:
            measurement = mangapa.measure(
                source, release=options.release, daptype=options.daptype, **_fit_options(options)
            )
        except OSError as error:
            _complain(error)
            failed = True
            continue
        measurements.append(measurement)
        if options.plot:
            _save_figure(measurement, options.plot / f"{_stem(measurement, source)}.png")
    if options.json:
        print(json.dumps([_plain(measurement.row()) for measurement in measurements], indent=2))
    elif measurements:
        _print_table(tabulate(measurements)[list(PRINTED)])
        _print_trouble(measurements)
    if options.out:
        mangapa.write_catalogue(tabulate(measurements), options.out)
    return SOME_FAILED if failed else ALL_GOOD


def _simulate(options):
    galaxy = mangapa.simulate_galaxy(
        n_fibres=options.fibres,
        pa_stellar=options.pa_stellar,
        pa_halpha=options.pa_halpha,
        inclination=options.inclination,
        v_max=options.v_max,
        snr=options.snr,
        bintype=options.bintype,
        seed=options.seed,
    )
    print(mangapa.write_maps(galaxy, options.path, release=options.release))
    return ALL_GOOD


def _demo(options):
    options.out.mkdir(parents=True, exist_ok=True)
    measurements = []
    for seed, (_, settings) in enumerate(_progress(DEMO)):
        settings = {"n_fibres": 61, **settings}
        plateifu = f"9999-{settings.pop('n_fibres')}{seed + 1:02d}"
        galaxy = mangapa.simulate_galaxy(plateifu=plateifu, seed=seed, **settings)
        path = options.out / f"manga-{plateifu}-MAPS-{galaxy.daptype}.fits.gz"
        mangapa.write_maps(galaxy, path)
        measurement = mangapa.measure(path, **_fit_options(options))
        _save_figure(measurement, path.with_name(f"{plateifu}.png"))
        measurements.append(measurement)
    table = tabulate(measurements)
    for tracer, card in (("stellar", "TRUEPAST"), ("halpha", "TRUEPAHA")):
        truth = [measurement.galaxy.header[card] for measurement in measurements]
        table.add_column(truth, name=f"{tracer}_true", index=table.colnames.index(f"{tracer}_pa"))
        table[f"{tracer}_true"].info.format = ".0f"
        table[f"{tracer}_true"].info.unit = table[f"{tracer}_pa"].unit
    catalogue = mangapa.write_catalogue(table, options.out / "catalogue.ecsv")
    shown = table[["plateifu", "stellar_true", *PRINTED[1:3], "halpha_true", *PRINTED[3:]]]
    shown.add_column([name for name, _ in DEMO], name="galaxy", index=1)
    _print_table(shown)
    _print_trouble(measurements)
    print("\nPosition angles in degrees, North through East, to the receding side.")
    print(f"All columns are in {catalogue}; now look at the figures beside it.")
    return ALL_GOOD


def _progress(items):
    """A progress bar on a terminal, nothing in a file or a pipe."""
    from tqdm import tqdm

    return tqdm(items, unit="galaxy", leave=False, disable=None)


def _save_figure(measurement, path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5.2), layout="constrained")
    measurement.plot(figure)
    with replacing(path) as unfinished:
        figure.savefig(unfinished, dpi=120)


def _stem(measurement, source):
    return measurement.galaxy.plateifu or Path(source).name.split(".")[0]


def _plain(row):
    """A row without units, for JSON, which has neither those nor NaN."""
    plain = {}
    for column in catalogue_columns():
        value = row[column.name]
        if column.unit is not None:
            value = float(value.to_value(column.unit))
        if isinstance(value, float):
            value = float(f"{value:.10g}") if np.isfinite(value) else None
        plain[column.name] = value
    return plain


def _print_table(table):
    print("\n".join(table.pformat(max_lines=-1, max_width=-1)))


def _print_trouble(measurements):
    for measurement in measurements:
        for tracer in TRACERS:
            flags = getattr(measurement, tracer).flags
            if flags:
                print(f"{measurement.galaxy.plateifu} {tracer}: {describe(flags)}")


def _complain(trouble):
    print(f"mangapa: {trouble}", file=sys.stderr)
    return SOME_FAILED
