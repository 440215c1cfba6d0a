"""What the commands print and write, and their exit codes."""

import sys

from mangapa._utils.files import replacing
from mangapa._utils.imports import import_extra
from mangapa.flags import UsabilityFlags
from mangapa.usability._predict import THRESHOLD

ALL_GOOD, SOME_FAILED, BAD_USAGE = 0, 1, 2
#: Columns that fit on a terminal; ``--json`` and the catalogue have all.
PRINTED = (
    *("plateifu", "stellar_pa", "stellar_pa_err", "stellar_score"),
    *("halpha_pa", "halpha_pa_err", "halpha_score", "pa_offset", "pa_offset_err"),
)
RING_COLUMNS = ("radius", "pa", "pa_err", "k1", "asymmetry", "n_spaxels", "coverage")
#: Resolution of figures, dots per inch.
DPI = 120


def print_table(table):
    """Print all rows and columns."""
    print("\n".join(table.pformat(max_lines=-1, max_width=-1)))


def print_warnings(measurements):
    """Print what the flags mean, and which fields cannot be used."""
    for measurement in measurements:
        for tracer, measured in measurement.tracers():
            unsure = measured.usability.flags & UsabilityFlags.CANNOT_TELL
            unusable = "do not use" if measured.usability.score < THRESHOLD else ""
            notes = [measured.pa.flags.description, unusable, unsure.description]
            if any(notes):
                print(f"{measurement.galaxy.plateifu} {tracer}: {'; '.join(filter(None, notes))}")


def print_profiles(measurements):
    """Print the angles against radius, and the features that they show."""
    for measurement in measurements:
        for tracer, measured in measurement.tracers():
            if measured.profile:
                print(f"\n{measurement.galaxy.plateifu} {tracer}")
                print_table(measured.profile[list(RING_COLUMNS)])
                if measured.features.found:
                    print(f"features: {', '.join(measured.features.found).replace('_', ' ')}")


def save_figure(drawable, path, *, size=(11, 5.2), **options):
    """Draw on a figure of this size in inches, and write it; the file appears whole."""
    matplotlib = import_extra("matplotlib.figure", "plot", "Plotting")
    figure = matplotlib.Figure(figsize=size, layout="constrained")
    drawable.plot(figure, **options)
    with replacing(path) as unfinished:
        figure.savefig(unfinished, dpi=DPI)


def complain(error):
    """Print an error, and return the exit code for it."""
    print(f"mangapa: {error}", file=sys.stderr)
    return SOME_FAILED
