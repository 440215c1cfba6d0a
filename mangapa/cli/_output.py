"""What the commands print and write."""

import tempfile

import numpy as np
from astropy.table import vstack

from mangapa._utils.files import printable, replacing
from mangapa._utils.imports import import_extra
from mangapa._utils.quantities import decimals, is_missing
from mangapa.catalogue._kinematic_columns import likely_classes
from mangapa.fields import TRACERS
from mangapa.flags import UsabilityFlags
from mangapa.kinematics import ClassFlags
from mangapa.usability._predict import THRESHOLD

#: Columns that fit on a terminal; ``--json`` and the catalogue have all.
PRINTED = (
    *("name", "stellar_pa", "stellar_pa_err", "stellar_score"),
    *("halpha_pa", "halpha_pa_err", "halpha_score", "pa_offset", "pa_offset_err"),
)
#: Why the error of a misalignment may be larger than those of both angles.
NOTE = "Errors of the angles are of the noise alone; pa_offset_err includes departures from a disc."
#: Columns of each tracer in the table of the kinematics.
KINEMATIC_COLUMNS = (
    *("k51", "k51_err", "psi", "psi_err", "lambda_r", "lambda_r_err"),
    *("v_over_sigma", "v_over_sigma_err", "group", "group_probability"),
)
KINEMATICS_NOTE = (
    "Errors of lambda_r and v_over_sigma are of the noise alone; classes are those with a "
    "probability above 0.5."
)
#: Flags of classes that take no group away, or that hold for all gas.
CAVEATS = (
    ClassFlags.NO_EFFECTIVE_RADIUS
    | ClassFlags.NO_DISPERSION_ERROR
    | ClassFlags.AXIS_FROM_DISPERSION
    | ClassFlags.INSTRUMENT_UNKNOWN
    | ClassFlags.NOT_STARS
)
RING_COLUMNS = ("radius", "pa", "pa_err", "k1", "asymmetry", "n_spaxels", "coverage")
#: Resolution of figures, dots per inch.
DPI = 120


def print_table(table):
    """Print all rows and columns, errors with two significant digits."""
    table = table.copy(copy_data=False)
    for name in table.colnames:
        if name.endswith("_err"):
            table[name].info.format = _two_digits
    for line in table.pformat(max_lines=-1, max_width=-1):
        print(printable(line))


def _two_digits(error):
    """Text of an error, with or without a unit."""
    error = getattr(error, "value", error)
    if is_missing(error):
        return str(error)
    return f"{error:.{decimals(error)}f}"


def print_measured(table, measurements, *, profiles=False):
    """
    Print the catalogue of some measurements, failed ones included, with notes and profiles.

    Kinematics have a table of their own, if there are any.
    """
    names = [measurement.galaxy.full_name for measurement in measurements]
    is_ambiguous = len(set(names)) < len(names)
    more = ["observation"] if any(one.galaxy.observation for one in measurements) else []
    more += ["daptype"] if is_ambiguous else []
    print_table(table[[*PRINTED[:1], *more, *PRINTED[1:]]])
    if any(one.misalignment.angle >= 0 for one in measurements):
        print(NOTE)
    kinematics = [measured.kinematics for one in measurements for _, measured in one.tracers()]
    if any(kinematics):
        print()
        print_table(kinematics_table(table, ["name", *more]))
        print(KINEMATICS_NOTE)
    labels = [one.galaxy.full_name or one.source for one in measurements]
    if is_ambiguous:
        analyses = [one.galaxy.daptype or one.source for one in measurements]
        labels = [" ".join(both) for both in zip(labels, analyses, strict=True)]
    labelled = [*zip(map(printable, labels), measurements, strict=True)]
    print_warnings(labelled)
    if profiles:
        print_profiles(labelled)


def kinematics_table(table, names):
    """The kinematics of each tracer in rows of their own, with the classes that are probable."""
    parts = []
    for tracer in TRACERS:
        columns = [f"{tracer}_{name}" for name in KINEMATIC_COLUMNS]
        part = table[[*names, *columns]]
        part.rename_columns(columns, KINEMATIC_COLUMNS)
        part.add_column(tracer, index=len(names), name="tracer")
        chances = table[[name for name in table.colnames if name.startswith(f"{tracer}_class_")]]
        rows = (dict(zip(chances.colnames, row, strict=True)) for row in chances.iterrows())
        part["classes"] = [", ".join(likely_classes(tracer, row).values()) for row in rows]
        parts.append(part)
    both = vstack(parts, metadata_conflicts="silent")
    return both[np.arange(len(both)).reshape(len(parts), -1).T.ravel()]


def print_warnings(labelled):
    """Print what the flags mean, and which fields cannot be used; of pairs (name, measurement)."""
    for name, measurement in labelled:
        for tracer, measured in measurement.tracers():
            unsure = measured.usability.flags & (
                UsabilityFlags.CANNOT_TELL | UsabilityFlags.UNFAMILIAR
            )
            unusable = "do not use" if measured.usability.score < THRESHOLD else ""
            notes = [measured.pa.flags.description, unusable, unsure.description]
            if measured.kinematics:
                notes += missing_kinematics(measured.kinematics)
            if any(notes):
                print(f"{name} {tracer}: {'; '.join(filter(None, notes))}")


def missing_kinematics(kinematics):
    """Why there is no lambda_R, no class, or no group of stars: a list of texts."""
    reasons, momentum, classes = [], kinematics.angular_momentum, kinematics.classes
    if np.isnan(momentum.lambda_r):
        reasons.append(f"no lambda_r: {momentum.flags.description}")
    why = classes.flags & ~CAVEATS
    if kinematics.group is None and why:
        what = "classes" if np.isnan(classes.double_maximum) else "group"
        reasons.append(f"no {what}: {why.description}")
    return reasons


def print_profiles(labelled):
    """Print the angles against radius, and the features that they show."""
    for name, measurement in labelled:
        for tracer, measured in measurement.tracers():
            if measured.profile:
                print(f"\n{name} {tracer}")
                print_table(measured.profile[list(RING_COLUMNS)])
                if measured.features.found:
                    print(f"features: {', '.join(measured.features.found).replace('_', ' ')}")


def check_figures(folder):
    """Make a folder for figures; raise an error if none can be written there."""
    import_extra("matplotlib.figure", "plot", "Plotting")
    check_folder("--plot", folder)


def check_folder(option, folder):
    """Make the folder of an option; raise an error if no file can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        msg = f"{option} {folder} is a file; name a folder"
        raise ValueError(msg) from None
    check_file(option, folder / "file")


def check_file(option, path):
    """Raise an error if the file of an option cannot be written, so that nothing is lost later."""
    if path.is_dir():
        msg = f"{option} {path} is a folder; name a file"
        raise ValueError(msg)
    if not path.parent.is_dir():
        msg = f"there is no folder {path.parent} for {option}; make it first"
        raise FileNotFoundError(msg)
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        msg = f"{option}: no file can be written to {path.absolute().parent} ({error.strerror})"
        raise OSError(msg) from error


def save_figure(drawable, path, *, size=(11, 5.2), **options):
    """Draw on a figure of this size in inches, and write it; the file appears whole."""
    matplotlib = import_extra("matplotlib.figure", "plot", "Plotting")
    figure = matplotlib.Figure(figsize=size, layout="constrained")
    drawable.plot(figure, **options)
    with replacing(path) as unfinished:
        figure.savefig(unfinished, dpi=DPI)
