"""``mangapa measure``: galaxies, one after the other."""

import json
from pathlib import Path

import mangapa
from mangapa.archive import download, is_identifier
from mangapa.catalogue import tabulate
from mangapa.catalogue.columns import plain_row
from mangapa.cli._options import (
    add_command,
    add_download_option,
    add_fit_options,
    add_release_options,
    fit_options,
)
from mangapa.cli._output import (
    ALL_GOOD,
    PRINTED,
    SOME_FAILED,
    complain,
    plain_columns,
    print_profiles,
    print_table,
    print_trouble,
    profiles_of,
    progress,
    save_figure,
)

__all__ = ["add_to"]


def add_to(commands):
    """Add the command."""
    measure = add_command(commands, "measure", _measure, "measure galaxies")
    measure.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="a MAPS file; or a plate-IFU or MaNGA-ID, in the local copy of the SAS",
    )
    add_release_options(measure)
    add_download_option(measure)
    measure.add_argument("--json", action="store_true", help="print all columns as JSON")
    measure.add_argument("--plot", type=Path, metavar="DIR", help="write a figure a galaxy to DIR")
    measure.add_argument(
        "--profile",
        action="store_true",
        help="also print the angles against radius, and what stands out; with --plot, draw them",
    )
    measure.add_argument("--out", type=Path, metavar="FILE.ecsv", help="write a catalogue")
    add_fit_options(measure)


def _measure(options):
    measurements, failed = [], False
    sources = options.sources
    if options.download:
        sources, failed = _downloaded(options)
    if options.plot:
        options.plot.mkdir(parents=True, exist_ok=True)
    for source in progress(sources):
        try:
            measurement = mangapa.measure(
                source,
                release=options.release,
                daptype=options.daptype,
                download=False,
                **fit_options(options),
            )
        except OSError as error:
            complain(error)
            failed = True
            continue
        measurements.append(measurement)
        if options.plot:
            _draw(measurement, options, _stem(measurement, source))
    if options.json:
        rows = [_rounded(plain_row(measurement)) for measurement in measurements]
        if options.profile:
            for row, measurement in zip(rows, measurements, strict=True):
                row["profiles"] = {
                    tracer: plain_columns(profile)
                    for tracer, profile in profiles_of(measurement).items()
                }
        print(json.dumps(rows, indent=2))
    elif measurements:
        print_table(tabulate(measurements)[list(PRINTED)])
        print_trouble(measurements)
        if options.profile:
            print_profiles(measurements)
    if options.out:
        mangapa.write_catalogue(tabulate(measurements), options.out)
    return SOME_FAILED if failed else ALL_GOOD


def _downloaded(options):
    """The sources, identifiers replaced by files; and whether one of them could not be had."""
    identifiers = [source for source in options.sources if is_identifier(source)]
    downloads = download(identifiers, release=options.release, daptype=options.daptype)
    files = {}
    for one in downloads:
        files[one.source] = one.path
        if one.error is not None:
            complain(one.error)
            files[one.source] = None
    sources = [files.get(source, source) for source in options.sources]
    return [source for source in sources if source is not None], None in sources


def _draw(measurement, options, stem):
    save_figure(measurement, options.plot / f"{stem}.png")
    if options.profile:
        for tracer, profile in profiles_of(measurement).items():
            path = options.plot / f"{stem}-{tracer}-profile.png"
            save_figure(profile, path, size=(5.6, 8.2), result=getattr(measurement, tracer))


def _stem(measurement, source):
    return measurement.galaxy.plateifu or Path(source).name.split(".")[0]


def _rounded(row):
    """Plain values with as many digits as a person may want to read."""
    return {
        name: float(f"{value:.10g}") if isinstance(value, float) else value
        for name, value in row.items()
    }
