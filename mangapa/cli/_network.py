"""``mangapa train`` and ``mangapa evaluate``: networks that recognise usable fields."""

from pathlib import Path

from astropy.table import Table

from mangapa.cli._options import add_command
from mangapa.cli._output import ALL_GOOD, print_table
from mangapa.usability import evaluation, training

DATA = (
    "folder of MAPS files, or of GALAXY-TRACER.npz arrays, with the experts' flags in its "
    "catalogue.csv or labels.csv"
)
LABELS = "table of flags (default: catalogue.csv or labels.csv in DIR)"


def add_to(commands):
    """Add the commands."""
    train = add_command(commands, "train", _train, "train a network to recognise usable fields")
    train.add_argument("--data", type=Path, required=True, metavar="DIR", help=DATA)
    train.add_argument("--labels", type=Path, metavar="FILE.csv", help=LABELS)
    train.add_argument(
        "--model",
        choices=training.MODELS,
        default="default",
        help="architecture: an ensemble on descriptors (default), or one published for images",
    )
    train.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="folder for the model and its card"
    )
    train.add_argument("--seed", type=int, default=0, help="random seed (default: %(default)s)")
    train.add_argument(
        "--epochs", type=int, help="maximum number of epochs (default: that of the architecture)"
    )
    train.add_argument(
        "--class-weights",
        action="store_true",
        help="give both classes the same weight, as published (fcn and cnn); costs accuracy",
    )
    train.add_argument(
        "--search",
        type=int,
        metavar="EPOCHS",
        help="first search for units and dropout by Hyperband (fcn and cnn)",
    )

    evaluate = add_command(commands, "evaluate", _evaluate, "print and draw how good a network is")
    evaluate.add_argument(
        "model", metavar="RUN", help="folder of a training run, or any model with --data"
    )
    evaluate.add_argument(
        "--data", type=Path, metavar="DIR", help=f"evaluate on these fields: {DATA}"
    )
    evaluate.add_argument("--labels", type=Path, metavar="FILE.csv", help=LABELS)
    evaluate.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder for the figures (default: RUN, or mangapa-evaluation with --data)",
    )


def _train(options):
    names = ("data", "out", "model", "labels", "seed", "epochs", "class_weights", "search")
    card = training.train(**{name: getattr(options, name) for name in names})
    print(f"{card}; now run 'mangapa evaluate {options.out}'")
    return ALL_GOOD


def _evaluate(options):
    if options.data is None:
        table = evaluation.judged(options.model)
        history = Table.read(Path(options.model) / "history.ecsv")
        out = options.out or Path(options.model)
    else:
        table = evaluation.score_fields(options.model, options.data, labels=options.labels)
        out, history = options.out or Path("mangapa-evaluation"), None
    for column, title in (("score_together", "Both tracers"), ("score_alone", "One field alone")):
        if column in table.colnames:
            numbers = evaluation.evaluate(table, by=column)
            print(f"{title}:")
            print_table(numbers)
            for name, value in numbers.meta.items():
                print(f"{name}: {value:.1%}")
            print()
    for path in evaluation.draw(table, out, history=history):
        print(path)
    return ALL_GOOD
