"""``mangapa train`` and ``mangapa evaluate``: networks that recognise usable fields."""

from pathlib import Path

from astropy.table import Table

from mangapa.cli._exit import ALL_GOOD
from mangapa.cli._options import add_command, path
from mangapa.cli._output import print_table
from mangapa.usability import evaluation, training

DATA = (
    "folder of files of any known format, or of GALAXY-TRACER.npz arrays, with the experts' flags "
    "in its catalogue.csv or labels.csv"
)
LABELS = "table of flags (default: catalogue.csv or labels.csv in DIR)"
OUT = "folder for the model and its card"
MODEL = "architecture: an ensemble on descriptors (default), or one published for images"
CLASS_WEIGHTS = "give both classes the same weight, as published (fcn and cnn); costs accuracy"
SEARCH = "first search for units and dropout by Hyperband (fcn and cnn)"
FIGURES = "folder for the figures (default: RUN, or mangapa-evaluation with --data)"
#: Options of each command, as argparse takes them, and their help.
TRAIN = {
    "data": ({"type": path, "required": True, "metavar": "DIR"}, DATA),
    "labels": ({"type": path, "metavar": "FILE.csv"}, LABELS),
    "model": ({"choices": training.MODELS, "default": "default"}, MODEL),
    "out": ({"type": path, "required": True, "metavar": "RUN"}, OUT),
    "seed": ({"type": int, "default": 0}, "random seed (default: %(default)s)"),
    "epochs": ({"type": int}, "maximum number of epochs (default: that of the architecture)"),
    "class_weights": ({"action": "store_true"}, CLASS_WEIGHTS),
    "search": ({"type": int, "metavar": "EPOCHS"}, SEARCH),
}
EVALUATE = {
    "data": ({"type": path, "metavar": "DIR"}, f"evaluate on these fields: {DATA}"),
    "labels": TRAIN["labels"],
    "out": ({"type": path, "metavar": "DIR"}, FIGURES),
}


def add_to(commands):
    """Add the commands."""
    train = add_command(commands, "train", _train)
    evaluate = add_command(commands, "evaluate", _evaluate)
    evaluate.add_argument(
        "model", metavar="RUN", help="folder of a training run, or any model with --data"
    )
    for command, table in ((train, TRAIN), (evaluate, EVALUATE)):
        for name, (keywords, text) in table.items():
            command.add_argument(f"--{name.replace('_', '-')}", **keywords, help=text)


def _train(options):
    card = training.train(**{name: getattr(options, name) for name in TRAIN})
    print(f"{card}; now run 'mangapa evaluate {options.out}'")
    return ALL_GOOD


def _evaluate(options):
    if options.data is None:
        run = path(options.model)
        table, history = evaluation.judged(run), Table.read(run / "history.ecsv")
        out = options.out or run
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
    for figure in evaluation.draw(table, out, history=history):
        print(figure)
    return ALL_GOOD
