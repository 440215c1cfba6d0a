"""``mangapa measure``: some galaxies, one after the other."""

import json

import numpy as np

import mangapa
from mangapa._resolve import spelling
from mangapa._utils.files import printable
from mangapa._utils.progress import progress_bar
from mangapa.archive._addresses import daptype_named
from mangapa.archive.releases import release_named
from mangapa.catalogue import tabulate_rows
from mangapa.catalogue._formats import path_and_format
from mangapa.catalogue._tables import failed_row
from mangapa.catalogue.columns import catalogue_columns, plain_row
from mangapa.cli import _options as shared
from mangapa.cli import _output as output
from mangapa.cli._exit import ALL_GOOD, SOME_FAILED, complain
from mangapa.cli._figure_names import figure_stems, profile_stem
from mangapa.runs._sources import gathered
from mangapa.runs._workers import explain
from mangapa.usability.model import load_model

#: Size of the figure of a profile, inches.
PROFILE_SIZE = (5.6, 8.2)


def add_to(commands):
    """Add the command."""
    measure = shared.add_command(commands, "measure", _measure)
    sources = "a file, or a plate-IFU or MaNGA-ID in the local copy of the SAS; files of one "
    sources += "observation, as their names tell, are measured together"
    measure.add_argument("sources", nargs="*", metavar="SOURCE", help=sources)
    shared.add_list(measure)
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
    sources = shared.sources_from(options)
    if not sources:
        msg = "nothing to measure: name a SOURCE, or a file of sources with --list"
        raise ValueError(msg)
    # What is wrong for every source ends the command at once.
    load_model(settings.model)
    daptype = daptype_named(options.daptype, release_named(options.release))
    if options.plot:
        output.check_figures(options.plot)
    if options.out:
        path_and_format(options.out)
        output.check_file("--out", options.out)
    measurements, rows, all_good = [], [], True
    for files in progress_bar(_galaxies(sources)):
        source = spelling(files)
        try:
            measurement = mangapa.measure(
                files if len(files) > 1 else files[0],
                release=options.release,
                daptype=daptype,
                download=options.download,
                settings=settings,
            )
            row = _row(measurement, options.profile)
        except ImportError:
            raise
        except Exception as error:  # What is wrong with one source must not stop the others.
            message = explain(files, error)
            rows.append({**failed_row(source), "error": message})
            complain(message)
            all_good = False
            continue
        measurements.append(measurement)
        rows.append(row)
        for message in measurement.errors.values():
            complain(f"{source}: {message}")
            all_good = False
    table = tabulate_rows(rows, columns=settings.columns)
    try:
        if options.json:
            print(json.dumps([_as_json(row, settings) for row in rows], indent=2))
        else:
            output.print_measured(table, measurements, profiles=options.profile)
    finally:  # Also if nobody reads what is printed.
        if options.out:
            mangapa.write_catalogue(table, options.out)
        if options.plot:
            all_good &= _draw(measurements, options)
    if not options.json:
        if options.out:
            print(f"All columns are in {printable(options.out)}.")
        if options.plot:
            print(f"The figures are in the folder {printable(options.plot)}.")
    return ALL_GOOD if all_good else SOME_FAILED


def _galaxies(sources):
    """The sources of each galaxy, in one list; says which are another one's file or identifier."""
    galaxies, repeated = gathered([source] for source in sources)
    for source, same in repeated:
        complain(f"{source} is the same as {same}; it is measured once")
    return [*galaxies.values()]


def _draw(measurements, options):
    """Draw all measurements; return whether that succeeded."""
    all_good = True
    names = [one.galaxy.full_name or failed_row(one.source)["name"] for one in measurements]
    stems = figure_stems(names, [one.galaxy.daptype for one in measurements])
    for measurement, stem in zip(measurements, stems, strict=True):
        figures = {stem: (measurement, {})}
        for tracer, measured in measurement.tracers():
            if options.profile and measured.profile:
                drawn = {"size": PROFILE_SIZE, "result": measured.pa}
                figures[profile_stem(stem, tracer)] = measured.profile, drawn
        for name, (drawable, how) in figures.items():
            try:
                output.save_figure(drawable, options.plot / f"{name}.png", **how)
            except Exception as error:  # The other figures are drawn.
                complain(explain(str(options.plot / f"{name}.png"), error))
                all_good = False
    return all_good


def _row(measurement, with_profiles):
    """All columns of a measurement, and its profiles by tracer if they are wanted."""
    row = plain_row(measurement)
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


def _as_json(row, settings):
    """A row with all columns, `None` where they are missing."""
    names = [column.name for column in catalogue_columns(settings.columns)]
    return {name: _rounded(row.get(name)) for name in dict.fromkeys([*names, *row])}


def _rounded(value, decimals=None):
    """A value as JSON takes it, with as many digits as a reader needs."""
    if not isinstance(value, float):
        return value
    if not np.isfinite(value):
        return None
    return float(f"{value:.10g}") if decimals is None else round(value, decimals)
