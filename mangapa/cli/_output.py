"""What the commands print and write, and the values that they end with."""

import sys

import numpy as np

from mangapa._utils.files import replacing
from mangapa.fields import TRACERS
from mangapa.flags import UsabilityFlags
from mangapa.usability._predict import THRESHOLD

__all__ = [
    "ALL_GOOD",
    "BAD_USAGE",
    "PRINTED",
    "SOME_FAILED",
    "complain",
    "plain_columns",
    "print_profiles",
    "print_table",
    "print_trouble",
    "profiles_of",
    "progress",
    "save_figure",
]

ALL_GOOD, SOME_FAILED, BAD_USAGE = 0, 1, 2
#: What a terminal has room for; ``--json`` and the catalogue have every column.
PRINTED = (
    *("plateifu", "stellar_pa", "stellar_pa_err", "stellar_score"),
    *("halpha_pa", "halpha_pa_err", "halpha_score", "pa_offset", "pa_offset_err"),
)

PRINTED_OF_A_RING = ("radius", "pa", "pa_err", "k1", "asymmetry", "n_spaxels", "coverage")


def progress(items):
    """Galaxies under a progress bar on a terminal, nothing in a file or a pipe."""
    from tqdm import tqdm

    return tqdm(items, unit="galaxy", leave=False, disable=None)


def print_table(table):
    """Print all of a table."""
    print("\n".join(table.pformat(max_lines=-1, max_width=-1)))


def print_trouble(measurements):
    """Print in words what is flagged, and which fields are not to be used."""
    for measurement in measurements:
        for tracer in TRACERS:
            usability = getattr(measurement, f"{tracer}_usability")
            trouble = [getattr(measurement, tracer).flags.description]
            if usability.score < THRESHOLD:
                trouble.append("do not use")
            if usability.flags & UsabilityFlags.CANNOT_TELL:
                trouble.append(UsabilityFlags.CANNOT_TELL.description)
            if any(trouble):
                print(f"{measurement.galaxy.plateifu} {tracer}: {'; '.join(filter(None, trouble))}")


def profiles_of(measurement):
    """The profiles that have rings, by tracer."""
    profiles = {tracer: getattr(measurement, f"{tracer}_profile") for tracer in TRACERS}
    return {tracer: profile for tracer, profile in profiles.items() if profile}


def print_profiles(measurements):
    """Print the angles against radius, and what stands out in them."""
    for measurement in measurements:
        for tracer, profile in profiles_of(measurement).items():
            print(f"\n{measurement.galaxy.plateifu} {tracer}")
            print_table(profile[list(PRINTED_OF_A_RING)])
            found = getattr(measurement.features, tracer).found
            if found:
                print(f"stands out: {', '.join(found).replace('_', ' ')}")


def plain_columns(table):
    """The columns of a table as JSON takes them; `None` where a value is not finite."""
    return {
        name: [
            None if np.isnan(value) else round(value, 3) for value in np.asarray(column).tolist()
        ]
        for name, column in table.columns.items()
    }


def save_figure(drawable, path, *, size=(11, 5.2), **options):
    """Draw a measurement or a profile to a file, which appears whole."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    drawable.plot(figure, **options)
    with replacing(path) as unfinished:
        figure.savefig(unfinished, dpi=120)


def complain(trouble):
    """Print what went wrong where errors belong; the exit status for it."""
    print(f"mangapa: {trouble}", file=sys.stderr)
    return SOME_FAILED
