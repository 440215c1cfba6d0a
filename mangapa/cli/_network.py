"""``mangapa train`` and ``mangapa evaluate``: networks that tell usable fields."""

from pathlib import Path

from mangapa.cli._options import add_command
from mangapa.cli._output import ALL_GOOD, print_table

__all__ = ["add_to"]

MODELS = ("default", "fcn", "cnn")
DATA = (
    "folder of MAPS files, or of GALAXY-TRACER.npz arrays, with the experts' flags in its "
    "catalogue.csv or labels.csv"
)


def add_to(commands):
    """Add the commands."""
    train = add_command(
        commands, "train", _train, "train a network that tells usable fields from others"
    )
    train.add_argument("--data", type=Path, required=True, metavar="DIR", help=DATA)
    train.add_argument("--labels", type=Path, metavar="FILE.csv", help="the flags, elsewhere")
    train.add_argument("--model", choices=MODELS, default="default")
    train.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="folder for the model and its card"
    )
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--epochs", type=int, help="at most (default: the architecture's own)")
    train.add_argument(
        "--class-weights", action="store_true", help="as published (fcn and cnn); costs accuracy"
    )
    train.add_argument(
        "--search",
        type=int,
        metavar="EPOCHS",
        help="search units and dropout by Hyperband before (fcn and cnn)",
    )

    evaluate = add_command(commands, "evaluate", _evaluate, "tell and draw how good a network is")
    evaluate.add_argument(
        "model", metavar="RUN", help="folder of a training run; or, with --data, any model"
    )
    evaluate.add_argument("--data", type=Path, metavar="DIR", help=f"judge other fields: {DATA}")
    evaluate.add_argument("--labels", type=Path, metavar="FILE.csv", help="the flags, elsewhere")
    evaluate.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for the figures (default: RUN)"
    )


def _train(options):
    from mangapa.usability.training import train

    more = {}
    if options.model != "default":
        more = {"class_weights": options.class_weights, "search": options.search}
    elif options.class_weights or options.search:
        msg = "--class-weights and --search are for the models fcn and cnn"
        raise ValueError(msg)
    card = train(
        options.data,
        options.out,
        model=options.model,
        labels=options.labels,
        seed=options.seed,
        epochs=options.epochs,
        **more,
    )
    print(f"{card}; now 'mangapa evaluate {options.out}'")
    return ALL_GOOD


def _evaluate(options):
    from astropy.table import Table

    from mangapa.usability.evaluation import draw, evaluate, judged, score_fields

    history = None
    if options.data is None:
        table = judged(options.model)
        history = Table.read(Path(options.model) / "history.ecsv")
    else:
        table = score_fields(options.model, options.data, labels=options.labels)
    out = options.out or Path(options.model if options.data is None else "mangapa-evaluation")
    for column, title in (("score_together", "Both tracers"), ("score_alone", "One field alone")):
        if column in table.colnames:
            numbers = evaluate(table, by=column)
            print(f"{title}:")
            print_table(numbers)
            for name, value in numbers.meta.items():
                print(f"{name}: {value:.1%}")
            print()
    for path in draw(table, out, history=history):
        print(path)
    return ALL_GOOD
