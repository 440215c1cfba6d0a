"""``mangapa inspect`` and ``mangapa agreement``: fields classified by eye."""

import contextlib
import getpass
import webbrowser
from pathlib import Path

import numpy as np

from mangapa.cli._options import add_command
from mangapa.cli._output import ALL_GOOD, print_table
from mangapa.inspection import JudgementStore, export_flags, import_flags
from mangapa.inspection._ordering import ORDERS, plan
from mangapa.inspection._store import FILE_NAME
from mangapa.inspection.consensus import METHODS, by_weight

__all__ = ["add_to"]

#: Of the galaxies, for a second showing.
REPEAT = 0.1
#: Disputed fields that are printed.
TOLD = 10


def add_to(commands):
    """Add the commands."""
    look = add_command(
        commands,
        "inspect",
        _inspect,
        "open a page on which you classify the fields of a run by eye",
    )
    look.add_argument("run_folder", type=Path, metavar="RUN", help="folder of a survey")
    look.add_argument("--expert", help="your name (default: that of your account)")
    look.add_argument(
        "--store", type=Path, metavar="FILE", help=f"for the judgements (default: RUN/{FILE_NAME})"
    )
    look.add_argument(
        "--order",
        choices=ORDERS[:-1],
        default="random",
        help="by chance; first those of which the network is least sure; or those alone where it "
        "contradicts you (default: %(default)s)",
    )
    look.add_argument(
        "--of", metavar="EXPERT", help="whom the network contradicts, if it is not you"
    )
    look.add_argument(
        "--list", type=Path, metavar="FILE", help="these galaxies instead, one a line"
    )
    look.add_argument("--number", type=int, metavar="N", help="no more galaxies than these")
    look.add_argument(
        "--repeat",
        type=float,
        default=REPEAT,
        metavar="SHARE",
        help="of the galaxies, to be shown twice (default: %(default)s)",
    )
    look.add_argument("--seed", type=int, default=0, help="of the order")
    look.add_argument(
        "--show-scores", action="store_true", help="show what the network says before you answer"
    )
    look.add_argument("--port", type=int, help="of this machine (default: the first free one)")
    look.add_argument("--no-browser", action="store_true", help="print the address and no more")

    compare = add_command(
        commands,
        "agreement",
        _agreement,
        "tell how far experts agree, and write what they agree on",
    )
    compare.add_argument("store", type=Path, metavar="STORE", help=f"{FILE_NAME}, or its folder")
    compare.add_argument(
        "--expert", action="append", help="one of those that count, or of --import (default: all)"
    )
    compare.add_argument(
        "--import",
        type=Path,
        dest="import_file",
        metavar="FILE.csv",
        help="take these flags for those of --expert first",
    )
    compare.add_argument(
        "--consensus",
        choices=tuple(METHODS),
        default="majority",
        help="how they agree (default: %(default)s)",
    )
    compare.add_argument(
        "--export", type=Path, metavar="FILE.csv", help="for 'mangapa train --labels'"
    )
    compare.add_argument(
        "--disputed", type=Path, metavar="FILE", help="for 'mangapa inspect --list'"
    )


def _inspect(options):
    from mangapa.inspection._galaxies import InspectedGalaxies
    from mangapa.inspection._server import Inspection, InspectionServer

    galaxies = InspectedGalaxies.of_run(options.run_folder)
    expert = (options.expert or getpass.getuser()).strip()
    if not expert:
        msg = "--expert must be a name"
        raise ValueError(msg)
    path = options.store or options.run_folder / FILE_NAME
    with JudgementStore(path, create=True) as store:
        shown = plan(
            galaxies.scores(),
            order="list" if options.list else options.order,
            seed=options.seed,
            repeat=options.repeat,
            number=options.number,
            only=options.list.read_text().split() if options.list else None,
            history=store.history(expert=options.of or expert),
        )
        if not shown.showings:
            print("there is no galaxy to show in this order")
            return ALL_GOOD
        store.add_galaxies(galaxies.mangaids())
        inspection = Inspection(
            galaxies=galaxies,
            store=store,
            expert=expert,
            plan=shown,
            show_scores=options.show_scores,
        )
        _serve(InspectionServer(inspection, options.port), options.no_browser)
        number = store.experts().get(expert, 0)
        print(f"\n{store.path} holds {number} judgements of {expert}")
        print(f"now 'mangapa agreement {store.path}', or the same command again to go on")
    return ALL_GOOD


def _serve(server, no_browser):
    """Until Ctrl-C."""
    with server:
        print(
            f"{server.address}\nis for you alone; Ctrl-C ends it, and nothing is lost", flush=True
        )
        if not no_browser:
            webbrowser.open(server.address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def _agreement(options):
    from mangapa.inspection import agreement

    experts = options.expert
    with JudgementStore(options.store, create=options.import_file is not None) as store:
        if options.import_file is not None:
            if not experts or len(experts) > 1:
                msg = "--import needs one --expert, whose flags they are"
                raise ValueError(msg)
            number = import_flags(store, options.import_file, expert=experts[0])
            print(f"{number} new judgements of {experts[0]} from {options.import_file}")
            experts = None
        history = store.history()
        found = agreement.opinions(history, experts)
        for name, number in store.experts().items():
            print(f"{name}: {number} judgements")
        _tell(agreement.pairwise(found, history))
        if len(found.experts) > 1:
            _tell_all(found, agreement)
        disputes = agreement.disputes(found)
        if len(disputes):
            print(f"\n{len(disputes)} fields in dispute, the most disputed first:")
            print_table(disputes[:TOLD])
        if options.disputed is not None:
            options.disputed.write_text("".join(f"{one}\n" for one in _once(disputes["galaxy"])))
            print(options.disputed)
        if options.export is not None:
            number, undecided = export_flags(
                store, options.export, consensus=options.consensus, experts=experts
            )
            print(f"{options.export}: {number} galaxies, {undecided} fields undecided")
    return ALL_GOOD


def _once(names):
    return dict.fromkeys(names.tolist())


def _tell(pairs):
    if not len(pairs):
        print("no field was judged twice")
        return
    table = pairs.copy()
    table.remove_column("confusion")
    for name in ("same_class", "same_usability", "kappa", "kappa_usability"):
        table[name].format = ".3f"
    print_table(table)
    for pair in pairs:
        print(f"\n{pair['expert']} (rows: 0, 1, 2) and {pair['other']} (columns: 0, 1, 2):")
        print("\n".join(" ".join(f"{number:6d}" for number in row) for row in pair["confusion"]))


def _tell_all(found, agreement):
    kappa = agreement.fleiss_kappa(found.quality)
    usable = agreement.fleiss_kappa(np.sign(found.quality))
    print(f"\nFleiss' kappa: {kappa:.3f} of the class, {usable:.3f} of the usability")
    weights = by_weight(found.quality)
    print("probability that an expert names the true class, by the model of Dawid & Skene:")
    for expert, table in zip(found.experts, weights.reliability, strict=True):
        print(f"{expert}: " + ", ".join(f"{one:.2f}" for one in table.diagonal()))
