"""``mangapa survey``, ``status``, ``catalogue``, ``report`` and ``compare``: many galaxies."""

import math
import os
from argparse import ArgumentTypeError
from datetime import timedelta

import mangapa
from mangapa._utils.files import printable
from mangapa._utils.imports import import_extra
from mangapa.catalogue import compare
from mangapa.catalogue._matching import ANALYSIS
from mangapa.catalogue._published import read_any
from mangapa.cli import _options as shared
from mangapa.cli._archive import WHERE, selected
from mangapa.cli._exit import ALL_GOOD, SOME_FAILED, complain
from mangapa.cli._output import check_file, print_table, save_figure
from mangapa.cli._signals import stopped_by_sigterm
from mangapa.runs import catalogue, status, survey
from mangapa.runs._survey import TIME_LIMIT

#: Suffixes of the formats of a catalogue.
SUFFIXES = {name: f".{name}" for name in ("ecsv", "fits", "parquet", "csv")} | {"votable": ".vot"}
#: Number of failures or outliers that are listed.
LISTED = 10


def add_to(commands):
    """Add the commands."""
    run = shared.add_command(commands, "survey", _survey)
    add = run.add_argument
    sources = "a folder or a pattern of files (linked folders are entered, hidden ones are not), a "
    sources += (
        "file, a plate-IFU or a MaNGA-ID; files of one observation, as their names tell, are "
    )
    sources += "one galaxy"
    sources += " (default: all galaxies of the release)"
    add("sources", nargs="*", metavar="SOURCE", help=sources)
    shared.add_list(run)
    shared.add_path(run, "--out", "RUN", "folder of the run", required=True)
    shared.add_release_options(run)
    add("--where", metavar="CONDITION", help=f"galaxies of the release that meet a {WHERE}")
    shared.add_download_option(run)
    jobs = "largest number of processes (default: one for each core, here %(default)s)"
    add("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help=jobs)
    add("--dask", metavar="ADDRESS", help="use the workers of this dask scheduler instead")
    root = "a folder here and its path on the workers of --dask, if they differ; can be repeated"
    add("--worker-root", metavar="HERE=THERE", action="append", type=_root, default=[], help=root)
    limit = "seconds that a galaxy may take, or none (default: %(default)g)"
    add("--time-limit", type=_time_limit, default=TIME_LIMIT, metavar="S", help=limit)
    add("--retry", action="store_true", help="try failed galaxies again")
    shared.add_settings(run)

    state = shared.add_command(commands, "status", _status)
    table = shared.add_command(commands, "catalogue", _catalogue)
    page = shared.add_command(commands, "report", _report)
    for command in (state, table, page):
        shared.add_path(command, "run_folder", "RUN", "folder of the run")
    form = "default: ecsv, or that of the suffix of --out"
    table.add_argument("--format", choices=tuple(SUFFIXES), help=form)
    shared.add_path(table, "--out", "FILE", "default: catalogue in RUN")
    shared.add_path(page, "--out", "FILE.html", "default: report.html in RUN")

    pair = shared.add_command(commands, "compare", _compare)
    shared.add_path(pair, "a", "A", "a catalogue, or the published CSV")
    shared.add_path(pair, "b", "B", "another one")
    shared.add_path(pair, "--plot", "FILE.png", "write a figure to this file")


def _survey(options):
    settings = shared.settings_from(options)
    sources = shared.sources_from(options)
    if options.where is not None or not sources:
        galaxies = selected(options, allow_download=options.download)
        sources = [*sources, *galaxies["plateifu"].tolist()]
    names = ("jobs", "time_limit", "retry", "release", "daptype", "download")
    arguments = {name: getattr(options, name) for name in names}
    arguments["settings"] = settings
    try:
        with stopped_by_sigterm():
            summary = _run(sources, options, arguments)
    except KeyboardInterrupt:
        way_out = "run the same command again to resume it"
        return complain(f"interrupted; what is measured is kept in {options.out}: {way_out}")
    _print_summary(summary, LISTED)
    print(f"Next: 'mangapa catalogue {options.out}' or 'mangapa report {options.out}'")
    return SOME_FAILED if summary.failed else ALL_GOOD


def _run(sources, options, arguments):
    if options.worker_root and not options.dask:
        msg = "--worker-root is only for --dask: processes of this machine see the same paths"
        raise ValueError(msg)
    if not options.dask:
        return survey(sources, options.out, **arguments)
    distributed = import_extra("distributed", "dask", "--dask")
    arguments["worker_roots"] = dict(options.worker_root)
    with distributed.Client(options.dask) as client:
        executor = client.get_executor(retries=0)
        return survey(sources, options.out, executor=executor, **arguments)


def _root(text):
    here, equals, there = text.partition("=")
    if not (here and equals and there):
        msg = f"invalid value {text!r}: a folder here and its path there, as in /home/me=/nfs/me"
        raise ArgumentTypeError(msg)
    return here, there


def _time_limit(text):
    try:
        return None if text.lower() == "none" else float(text)
    except ValueError as error:
        msg = f"invalid value {text!r}: a number of seconds, or none"
        raise ArgumentTypeError(msg) from error


def _status(options):
    summary = status(options.run_folder)
    _print_summary(summary, len(summary.failures))
    return ALL_GOOD


def _print_summary(summary, n_failures):
    done = summary.measured + summary.failed
    print(f"{done} of {summary.total} galaxies done, {summary.failed} of them failed")
    if math.isfinite(summary.rate):
        line = f"{summary.rate:.1f} galaxies per second"
        if summary.left:
            line += f", about {timedelta(seconds=round(summary.left / summary.rate))} left"
        print(line)
    for _, message in summary.failures[:n_failures]:
        complain(message)
    if n_failures < len(summary.failures):
        more = len(summary.failures) - n_failures
        complain(f"and {more} more; 'mangapa status {summary.folder}' lists all failures")


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
    if options.plot:
        import_extra("matplotlib.figure", "plot", "--plot")
        check_file("--plot", options.plot)
    a, b = read_any(options.a), read_any(options.b)
    # Two catalogues of one name are in different folders.
    same = options.a.name == options.b.name
    names = [str(path) if same else path.name for path in (options.a, options.b)]
    comparison = compare(a, b, names=names)
    if options.plot:  # Before the text, of which nobody may read all.
        save_figure(comparison, options.plot, size=(4.2 * len(comparison.numbers), 7))
    print(
        f"galaxies in both: {len(comparison.table)} ({printable(options.a)} has {len(a)} rows, "
        f"{printable(options.b)} has {len(b)})"
    )
    print_table(comparison.numbers)
    for name, n_known in comparison.numbers.iterrows("angle", "n"):
        n_unknown = len(comparison.table) - n_known
        if n_unknown:
            number = f"{n_unknown} of {len(comparison.table)} galaxies"
            print(f"{name}: missing in one of the catalogues for {number}")
        outliers = comparison.outliers(name)
        if len(outliers):
            worst = ", ".join(
                f"{row['name']} ({row[f'{name}_difference'].value:+.0f})"
                for row in outliers[:LISTED]
            )
            share = f"{len(outliers)} of {n_known}"
            print(f"{name}: {share} differ by more than 10 deg: {printable(worst)}")
    for note in comparison.notes:
        print(note)
    for path, missing in ((options.a, comparison.only_b), (options.b, comparison.only_a)):
        if missing:
            some = ", ".join(missing[:LISTED]) + (", ..." if len(missing) > LISTED else "")
            print(f"galaxies that are not in {printable(path)}: {len(missing)} ({printable(some)})")
    unmatched = comparison.unmatched
    if len(unmatched):
        print(f"rows that could not be matched and are left out: {len(unmatched)}")
        for row in unmatched[:LISTED]:
            which = " ".join(filter(None, (row["name"], *(row[name] for name in ANALYSIS))))
            path = {"a": options.a, "b": options.b}[row["catalogue"]]
            text = f"{path}, row {row['row'] + 1}{which and f' ({which})'}: {row['reason']}"
            print(f"  {printable(text)}")
        if len(unmatched) > LISTED:
            print(f"  and {len(unmatched) - LISTED} more")
    return ALL_GOOD
