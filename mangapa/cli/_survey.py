"""``mangapa survey``, ``status``, ``catalogue``, ``report``, ``compare``: many galaxies."""

import math
import os
from datetime import timedelta
from pathlib import Path

import mangapa
from mangapa.archive import release_table, select
from mangapa.catalogue import compare, read_published
from mangapa.cli._options import (
    add_command,
    add_download_option,
    add_fit_options,
    add_release_options,
    fit_options,
)
from mangapa.cli._output import ALL_GOOD, SOME_FAILED, complain, print_table, save_figure
from mangapa.runs import catalogue, status, survey
from mangapa.runs._survey import TIME_LIMIT

__all__ = ["add_to"]

#: Ends of the names of the formats.
SUFFIXES = {
    "ecsv": ".ecsv",
    "fits": ".fits",
    "parquet": ".parquet",
    "votable": ".vot",
    "csv": ".csv",
}
#: Failures that are told one by one; ``mangapa status`` tells them all.
TOLD = 10


def add_to(commands):
    """Add the commands."""
    run = add_command(
        commands, "survey", _survey, "measure many galaxies; interrupt it and run it again at will"
    )
    run.add_argument(
        "sources",
        nargs="*",
        metavar="SOURCE",
        help="a folder or a pattern of MAPS files, a file, a plate-IFU or MaNGA-ID; if none is "
        "given, all galaxies of the release",
    )
    run.add_argument("--out", type=Path, required=True, metavar="RUN", help="folder of the run")
    add_release_options(run)
    run.add_argument(
        "--where",
        metavar="CONDITION",
        help="of the release, the galaxies that meet a condition; see 'mangapa list'",
    )
    add_download_option(run)
    run.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes (default: one a core, here %(default)s)",
    )
    run.add_argument(
        "--dask", metavar="ADDRESS", help="let the workers of a dask scheduler do it instead"
    )
    run.add_argument(
        "--time-limit",
        type=float,
        default=TIME_LIMIT,
        metavar="S",
        help="seconds that a galaxy may take (default: %(default)g)",
    )
    run.add_argument("--retry", action="store_true", help="try again what failed before")
    add_fit_options(run)

    look = add_command(commands, "status", _status, "tell how far a run is")
    look.add_argument("run_folder", type=Path, metavar="RUN")

    table = add_command(commands, "catalogue", _catalogue, "write the catalogue of a run")
    table.add_argument("run_folder", type=Path, metavar="RUN")
    table.add_argument(
        "--format",
        choices=tuple(SUFFIXES),
        help="default: ecsv, or what the name of the file ends in",
    )
    table.add_argument("--out", type=Path, metavar="FILE", help="default: catalogue in the run")

    page = add_command(commands, "report", _report, "write the page of a run, for a browser")
    page.add_argument("run_folder", type=Path, metavar="RUN")
    page.add_argument("--out", type=Path, metavar="FILE.html", help="default: report.html in RUN")

    pair = add_command(commands, "compare", _compare, "set two catalogues side by side")
    pair.add_argument("a", type=Path, metavar="A", help="a catalogue, or the published CSV")
    pair.add_argument("b", type=Path, metavar="B", help="another one")
    pair.add_argument("--plot", type=Path, metavar="FILE.png", help="draw them")


def _survey(options):
    sources = options.sources
    if options.where is not None or not sources:
        galaxies = release_table(
            options.release, daptype=options.daptype, download=options.download
        )
        if options.where is not None:
            galaxies = select(galaxies, options.where)
        sources = [*sources, *galaxies["plateifu"].tolist()]
    settings = {
        "release": options.release,
        "daptype": options.daptype,
        "download": options.download,
        "retry": options.retry,
        **fit_options(options),
    }
    if options.dask:
        summary = _by_dask(options.dask, sources, options.out, settings)
    else:
        summary = survey(
            sources, options.out, jobs=options.jobs, time_limit=options.time_limit, **settings
        )
    _tell(summary, TOLD)
    print(f"now 'mangapa catalogue {options.out}' or 'mangapa report {options.out}'")
    return SOME_FAILED if summary.failed else ALL_GOOD


def _by_dask(address, sources, out, settings):
    try:
        from distributed import Client
    except ImportError as error:
        msg = "dask is not installed: pip install 'mangapa[dask]'"
        raise ImportError(msg) from error
    with Client(address) as client:
        return survey(sources, out, executor=client.get_executor(retries=0), **settings)


def _status(options):
    summary = status(options.run_folder)
    _tell(summary, len(summary.failures))
    return ALL_GOOD


def _tell(summary, n_failures):
    done = summary.measured + summary.failed
    print(f"{done} of {summary.total} galaxies done, {summary.failed} of them failed")
    if math.isfinite(summary.rate):
        line = f"{summary.rate:.1f} galaxies a second"
        if summary.left:
            left = timedelta(seconds=round(summary.left / summary.rate))
            line += f", {left} to go if it runs"
        print(line)
    for source, message in summary.failures[:n_failures]:
        complain(message if source in message else f"{source}: {message}")
    if n_failures < len(summary.failures):
        complain(f"and {len(summary.failures) - n_failures} more: 'mangapa status' tells them")


def _catalogue(options):
    suffix = SUFFIXES[options.format or "ecsv"]
    out = options.out or options.run_folder / f"catalogue{suffix}"
    if options.format and out.suffix != suffix:
        msg = f"--out {out} must end in {suffix} for --format {options.format}"
        raise ValueError(msg)
    print(mangapa.write_catalogue(catalogue(options.run_folder), out))
    return ALL_GOOD


def _report(options):
    from mangapa.report import write_report

    print(write_report(options.run_folder, options.out))
    return ALL_GOOD


def _compare(options):
    comparison = compare(_read(options.a), _read(options.b))
    print_table(comparison.numbers)
    for name in comparison.numbers["angle"]:
        outliers = comparison.outliers(name)
        if len(outliers):
            worst = ", ".join(
                f"{row['plateifu']} ({row[f'{name}_difference'].value:+.0f})"
                for row in outliers[:TOLD]
            )
            print(f"{name}: {len(outliers)} differ by more than 10 deg: {worst}")
    for which, missing in (("A", comparison.only_b), ("B", comparison.only_a)):
        if missing:
            print(f"{len(missing)} galaxies are not in {which}")
    if options.plot:
        save_figure(comparison, options.plot, size=(4.2 * len(comparison.numbers), 7))
    return ALL_GOOD


def _read(path):
    """A catalogue of ours, or the published one, which is CSV too."""
    if path.suffix == ".csv":
        return read_published(path)
    return mangapa.read_catalogue(path)
