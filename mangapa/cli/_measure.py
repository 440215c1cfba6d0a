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
from mangapa.cli import _options as shared
from mangapa.cli import _output as output
from mangapa.runs._workers import explain
from mangapa.usability.model import load_model

#: Size of the figure of a profile, inches.
PROFILE_SIZE = (5.6, 8.2)


def add_to(commands):
    """Add the command."""
    measure = shared.add_command(commands, "measure", _measure, "measure galaxies")
    sources = "a file, or a plate-IFU or MaNGA-ID in the local copy of the SAS"
    measure.add_argument("sources", nargs="+", metavar="SOURCE", help=sources)
    shared.add_release_options(measure)
    shared.add_download_option(measure)
    measure.add_argument("--json", action="store_true", help="print all columns as JSON")
    shared.add_path(measure, "--plot", "DIR", "write a figure of each galaxy to this folder")
    profile = "also print the angles against radius and their features; with --plot, draw them"
    measure.add_argument("--profile", action="store_true", help=profile)
    shared.add_path(measure, "--out", "FILE.ecsv", "write a catalogue to this file")
    shared.add_settings(measure)


def _measure(options):
    settings = shared.settings_from(options)
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
            output.complain(explain(source, error))
            continue
        measurements.append(measurement)
        if options.plot:
            _draw(measurement, options, source)
    if options.json:
        print(json.dumps([_as_json(one, options.profile) for one in measurements], indent=2))
    elif measurements:
        output.print_table(tabulate(measurements)[list(output.PRINTED)])
        output.print_warnings(measurements)
        if options.profile:
            output.print_profiles(measurements)
    if options.out:
        mangapa.write_catalogue(tabulate(measurements), options.out)
    all_good = len(measurements) == len(options.sources)
    return output.ALL_GOOD if all_good else output.SOME_FAILED


def _draw(measurement, options, source):
    stem = measurement.galaxy.plateifu or Path(source).name.split(".")[0]
    output.save_figure(measurement, options.plot / f"{stem}.png")
    for tracer, measured in measurement.tracers():
        if options.profile and measured.profile:
            path = options.plot / f"{stem}-{tracer}-profile.png"
            output.save_figure(measured.profile, path, size=PROFILE_SIZE, result=measured.pa)


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
