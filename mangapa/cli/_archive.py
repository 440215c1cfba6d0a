"""``mangapa download`` and ``mangapa list``: files and tables of the archive."""

from mangapa._utils.files import replacing
from mangapa.archive import download, release_table, select
from mangapa.archive._configuration import MOST_DOWNLOADS, conf
from mangapa.cli._exit import ALL_GOOD, SOME_FAILED, complain
from mangapa.cli._options import add_command, add_download_option, add_path, add_release_options
from mangapa.cli._output import print_table

WHERE = (
    "condition in SQL on the columns of 'mangapa list', such as \"z < 0.03 and axis_ratio > .5\""
)


def add_to(commands):
    """Add the commands."""
    fetch = add_command(commands, "download", _download)
    fetch.add_argument("sources", nargs="*", metavar="SOURCE", help="a plate-IFU or a MaNGA-ID")
    add_release_options(fetch)
    fetch.add_argument("--where", metavar="CONDITION", help=f"all galaxies that meet a {WHERE}")
    fetch.add_argument("--all", action="store_true", help="all galaxies of the release")
    fetch.add_argument("--rsync", action="store_true", help="use the program rsync, not HTTPS")
    jobs = f"number of simultaneous downloads, 1-{MOST_DOWNLOADS} (default: %(default)s)"
    fetch.add_argument("--jobs", type=int, default=conf.parallel_downloads, metavar="N", help=jobs)

    galaxies = add_command(commands, "list", _list)
    add_release_options(galaxies)
    galaxies.add_argument("--where", metavar="CONDITION", help=f"those that meet a {WHERE}")
    add_download_option(galaxies, "the tables drpall and dapall if they are missing")
    galaxies.add_argument("--brief", action="store_true", help="print plate-IFUs only")
    add_path(galaxies, "--out", "FILE.ecsv", "write the table to this file")


def selected(options, *, allow_download):
    """The table of the release's galaxies, or of those that meet the condition."""
    table = release_table(options.release, daptype=options.daptype, download=allow_download)
    return table if options.where is None else select(table, options.where)


def _download(options):
    sources = options.sources
    if options.all or options.where is not None:
        sources = [*sources, *selected(options, allow_download=True)["plateifu"].tolist()]
    elif not sources:
        msg = "nothing to download: name a SOURCE, or choose galaxies with --where or --all"
        raise ValueError(msg)
    if not 1 <= options.jobs <= MOST_DOWNLOADS:
        msg = f"--jobs {options.jobs} must be 1 to {MOST_DOWNLOADS}"
        raise ValueError(msg)
    with conf.set_temp("parallel_downloads", options.jobs):
        downloads = download(
            sources, release=options.release, daptype=options.daptype, rsync=options.rsync
        )
    for one in downloads:
        if one.error is None:
            print(one.path)
        else:
            complain(one.error)
    return SOME_FAILED if any(one.error for one in downloads) else ALL_GOOD


def _list(options):
    table = selected(options, allow_download=options.download)
    if options.out:
        with replacing(options.out) as unfinished:
            table.write(unfinished, format="ascii.ecsv")
    if options.brief:
        print("\n".join(table["plateifu"]))
    else:
        print_table(table)
    return ALL_GOOD
