"""``mangapa inspect`` and ``mangapa agreement``: velocity fields classified by eye."""

import contextlib
import getpass

import numpy as np

from mangapa._utils.lists import read_list, write_list
from mangapa.cli._browser import in_browser
from mangapa.cli._exit import ALL_GOOD
from mangapa.cli._options import add_command, path
from mangapa.cli._output import print_table
from mangapa.cli._signals import stopped_by_sigterm
from mangapa.inspection import JudgementStore, agreement, export_flags, import_flags
from mangapa.inspection._ordering import ORDERS, plan
from mangapa.inspection._store_file import FILE_NAME
from mangapa.inspection.consensus import METHODS, by_weight

#: Default fraction of the galaxies that is shown twice.
REPEAT = 0.1
#: Number of disputed fields that are printed: what a terminal has room for.
PRINTED_DISPUTES = 10


def add_to(commands):
    """Add the commands."""
    add = add_command(commands, "inspect", _inspect).add_argument
    add("run_folder", type=path, metavar="RUN", help="folder of a survey")
    add("--expert", help="your name (default: the name of your account)")
    add("--store", type=path, metavar="FILE", help=f"file of judgements (default: RUN/{FILE_NAME})")
    orders = "random order, least certain scores first, or only galaxies whose score "
    orders += "contradicts you (default: %(default)s)"
    add("--order", choices=ORDERS[:-1], default="random", help=orders)
    add("--of", metavar="EXPERT", help="with --order disagreement: another expert instead of you")
    add(
        "--list",
        type=path,
        metavar="FILE",
        help="show the galaxies in this file, one name per line",
    )
    add("--number", type=int, metavar="N", help="largest number of galaxies (default: all)")
    repeat = "fraction of the galaxies that is shown twice (default: %(default)s)"
    add("--repeat", type=float, default=REPEAT, metavar="FRACTION", help=repeat)
    add("--seed", type=int, default=0, help="seed of the random order (default: %(default)s)")
    add("--show-scores", action="store_true", help="show the network's scores before you answer")
    add("--port", type=int, help="port of the server, 0 for any (default: the first free one)")
    add("--no-browser", action="store_true", help="print the address without opening a browser")

    add = add_command(commands, "agreement", _agreement).add_argument
    add("store", type=path, metavar="STORE", help=f"{FILE_NAME}, or its folder")
    expert = "expert who counts, or name for --import; repeat for several experts (default: all)"
    add("--expert", action="append", help=expert)
    flags = "first import these flags as the judgements of --expert"
    add("--import", type=path, dest="import_file", metavar="FILE.csv", help=flags)
    consensus = "method that combines judgements (default: %(default)s)"
    add("--consensus", choices=tuple(METHODS), default="majority", help=consensus)
    labels = "write the consensus, for 'mangapa train --labels'"
    add("--export", type=path, metavar="FILE.csv", help=labels)
    disputed = "write the names of disputed galaxies, for 'mangapa inspect --list'"
    add("--disputed", type=path, metavar="FILE", help=disputed)


def _inspect(options):
    from mangapa.inspection._galaxies import InspectedGalaxies
    from mangapa.inspection._server import Inspection, InspectionServer

    galaxies = InspectedGalaxies.of_run(options.run_folder)
    expert = (getpass.getuser() if options.expert is None else options.expert).strip()
    if not expert or not expert.isprintable():
        msg = f"--expert {options.expert!r} must be a name"
        raise ValueError(msg)
    asked = {name: getattr(options, name) for name in ("order", "seed", "repeat", "number")}
    if options.list:
        asked |= {"order": "list", "only": read_list(options.list, galaxies.rows)}
    with JudgementStore(options.store or options.run_folder / FILE_NAME, create=True) as store:
        planned = plan(
            galaxies.scores(), history=store.history(expert=options.of or expert), **asked
        )
        if not planned.showings:
            print(f"there are no galaxies to show with --order {options.order}")
            return ALL_GOOD
        store.add_galaxies(galaxies.mangaids())
        shown = {"galaxies": galaxies, "plan": planned, "show_scores": options.show_scores}
        inspection = Inspection(store=store, expert=expert, **shown)
        with InspectionServer(inspection, options.port) as server:
            print(f"{server.address}\nThis page is for you only. Stop it with Ctrl-C.", flush=True)
            page = contextlib.nullcontext() if options.no_browser else in_browser(server.address)
            # The server already accepts connections, so that the browser may start first.
            with contextlib.suppress(KeyboardInterrupt), stopped_by_sigterm(), page:
                server.serve_forever()
        number = store.experts().get(expert, 0)
        print(f"\n{store.path} holds {number} judgements of {expert}")
        print(f"next: 'mangapa agreement {store.path}', or the same command to continue")
    return ALL_GOOD


def _agreement(options):
    experts = options.expert
    with JudgementStore(options.store, create=options.import_file is not None) as store:
        if options.import_file is not None:
            if len(experts or ()) != 1:
                msg = "--import needs one --expert, under whose name the flags are stored"
                raise ValueError(msg)
            number = import_flags(store, options.import_file, expert=experts[0])
            print(f"{number} new judgements of {experts[0]} from {options.import_file}")
            experts = None
        history = store.history()
        found = agreement.opinions(history, experts)
        for name, number in store.experts().items():
            print(f"{name}: {number} judgements")
        _print_pairs(agreement.pairwise(found, history))
        if len(found.experts) > 1:
            _print_all(found)
        disputes = agreement.disputes(found)
        if len(disputes):
            print(f"\n{len(disputes)} disputed fields, the most disputed first:")
            print_table(disputes[:PRINTED_DISPUTES])
        if options.disputed is not None:
            galaxies = dict.fromkeys(disputes["galaxy"].tolist())
            print(write_list(options.disputed, galaxies))
        if options.export is not None:
            file, how = options.export, options.consensus
            number, undecided = export_flags(store, file, consensus=how, experts=experts)
            print(f"{file}: {number} galaxies, {undecided} fields without a consensus")
    return ALL_GOOD


def _print_pairs(pairs):
    if not len(pairs):
        print("no field was judged twice; judge more with 'mangapa inspect RUN'")
        return
    table = pairs[[name for name in pairs.colnames if name != "confusion"]]
    for name in ("same_class", "same_usability", "kappa", "kappa_usability"):
        table[name].format = ".3f"
    print_table(table)
    for pair in pairs:
        print(f"\n{pair['expert']} (rows: 0, 1, 2) and {pair['other']} (columns: 0, 1, 2):")
        print("\n".join(" ".join(f"{number:6d}" for number in row) for row in pair["confusion"]))


def _print_all(found):
    kappa = agreement.fleiss_kappa(found.quality)
    usable = agreement.fleiss_kappa(np.sign(found.quality))
    print(f"\nFleiss' kappa: {kappa:.3f} for the class, {usable:.3f} for the usability")
    print("probability that an expert gives the true class (Dawid & Skene 1979), for 0, 1, 2:")
    for expert, table in zip(found.experts, by_weight(found.quality).reliability, strict=True):
        print(f"{expert}: " + ", ".join(f"{one:.2f}" for one in table.diagonal()))
