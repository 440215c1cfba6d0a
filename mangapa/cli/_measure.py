"""``mangapa measure``: some galaxies, one after the other."""

import json
from pathlib import Path

import numpy as np

import mangapa
from mangapa._utils.progress import progress_bar
from mangapa.archive._addresses import daptype_named
from mangapa.archive.releases import release_named
from mangapa.catalogue import tabulate
from mangapa.catalogue.columns import plain_row
from mangapa.cli._options import (
    add_command,
    add_download_option,
    add_release_options,
    add_settings,
    settings_from,
)
from mangapa.cli._output import (
    ALL_GOOD,
    PRINTED,
    SOME_FAILED,
    complain,
    print_profiles,
    print_table,
    print_warnings,
    save_figure,
)
from mangapa.runs._workers import explain
from mangapa.usability.model import load_model

#: Size of the figure of a profile, inches.
PROFILE_SIZE = (5.6, 8.2)


def add_to(commands):
    """Add the command."""
    measure = add_command(commands, "measure", _measure, "measure galaxies")
    measure.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="a file, or a plate-IFU or MaNGA-ID in the local copy of the SAS",
    )
    add_release_options(measure)
    add_download_option(measure)
    measure.add_argument("--json", action="store_true", help="print all columns as JSON")
    measure.add_argument(
        "--plot", type=Path, metavar="DIR", help="write a figure of each galaxy to this folder"
    )
    measure.add_argument(
        "--profile",
        action="store_true",
        help="also print the angles against radius and their features; with --plot, draw them",
    )
    measure.add_argument(
        "--out", type=Path, metavar="FILE.ecsv", help="write a catalogue to this file"
    )
    add_settings(measure)


def _measure(options):
    settings = settings_from(options)
    # What is wrong for every source ends the command at once.
    load_model(settings.model)
    daptype = daptype_named(options.daptype, release_named(options.release))
    if options.plot:
        options.plot.mkdir(parents=True, exist_ok=True)
    measurements = []
    for source in progress_bar(options.sources):
        try:
            measurement = mangapa.measure(
                source,
                release=options.release,
                daptype=daptype,
                download=options.download,
                settings=settings,
            )
        except ImportError:
            raise
        except Exception as error:  # What is wrong with one source must not stop the others.
            complain(explain(source, error))
            continue
        measurements.append(measurement)
        if options.plot:
            _draw(measurement, options, source)
    if options.json:
        print(json.dumps([_as_json(one, options.profile) for one in measurements], indent=2))
    elif measurements:
        print_table(tabulate(measurements)[list(PRINTED)])
        print_warnings(measurements)
        if options.profile:
            print_profiles(measurements)
    if options.out:
        mangapa.write_catalogue(tabulate(measurements), options.out)
    return ALL_GOOD if len(measurements) == len(options.sources) else SOME_FAILED


def _draw(measurement, options, source):
    stem = measurement.galaxy.plateifu or Path(source).name.split(".")[0]
    save_figure(measurement, options.plot / f"{stem}.png")
    for tracer, measured in measurement.tracers():
        if options.profile and measured.profile:
            path = options.plot / f"{stem}-{tracer}-profile.png"
            save_figure(measured.profile, path, size=PROFILE_SIZE, result=measured.pa)


def _as_json(measurement, with_profiles):
    """All columns of a measurement, and its profiles by tracer if they are wanted."""
    row = {name: _rounded(value) for name, value in plain_row(measurement).items()}
    if with_profiles:
        row["profiles"] = {
            tracer: {
                name: [_rounded(one, 3) for one in np.asarray(column).tolist()]
                for name, column in measured.profile.columns.items()
            }
            for tracer, measured in measurement.tracers()
            if measured.profile
        }
    return row


def _rounded(value, decimals=None):
    """A value as JSON takes it, with as many digits as a reader needs."""
    if not isinstance(value, float):
        return value
    if not np.isfinite(value):
        return None
    return float(f"{value:.10g}") if decimals is None else round(value, decimals)
