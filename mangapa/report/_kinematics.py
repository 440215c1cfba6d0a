"""What a report shows of the kinematics, in runs that measured their columns."""

import math
from collections import Counter

from mangapa._titles import CLASS_TITLES, GROUP_TITLES
from mangapa.catalogue._kinematic_columns import (
    KINEMATICS,
    NON_REGULAR,
    likely_classes,
)
from mangapa.fields import TRACER_TITLES
from mangapa.plotting import DISPERSION_COLOURS
from mangapa.report._pictures import dispersion_palette, packed_dispersion

#: Columns of each field that the page shows, and those whose errors have a systematic part.
COLUMNS = (
    *("k51", "k51_err", "psi", "psi_err", "lambda_r", "v_over_sigma"),
    *("group", "group_probability"),
)
DECIMALS = 3
WITH_TWO_ERRORS = ("lambda_r", "v_over_sigma")


def are_measured(settings):
    """Whether a run with these settings has the columns of the kinematics."""
    return KINEMATICS in settings.get("columns", "").split(",")


def class_choices(rows):
    """
    The classes to filter by: for the title of each tracer, value, text and number of galaxies.

    A value is a tracer and the name of a class or the letter of a group. ``rows`` have plain values
    by column.
    """
    numbers = Counter()
    for row in rows:
        for tracer in TRACER_TITLES:
            numbers.update(f"{tracer} {name}" for name in likely_classes(tracer, row))
            numbers[f"{tracer} {row.get(f'{tracer}_group')}"] += 1
    titles = dict(CLASS_TITLES)
    regular = titles.pop("regular_rotator")
    titles = {"regular_rotator": regular, NON_REGULAR[0]: NON_REGULAR[1], **titles}
    titles |= {letter: f"group {letter}: {text}" for letter, text in GROUP_TITLES.items()}
    return {
        title: [
            (value := f"{tracer} {name}", text, numbers[value]) for name, text in titles.items()
        ]
        for tracer, title in TRACER_TITLES.items()
    }


def kinematics_of(tracer, row):
    """What the table of the page has of a field: ``row`` has rounded values by column."""
    shown = {name: row.get(f"{tracer}_{name}") for name in COLUMNS}
    for name in WITH_TWO_ERRORS:
        parts = [row.get(f"{tracer}_{name}_{end}") for end in ("err", "err_sys")]
        known = None not in parts
        shown[f"{name}_err"] = round(math.hypot(*parts), DECIMALS) if known else None
    return {**shown, "classes": [*likely_classes(tracer, row)]}


def dispersions_of(image):
    """What the page draws of the dispersions of an image, under the name that it expects."""
    found = packed_dispersion(image)
    return {} if found is None else {"dispersion": found}


def look():
    """The colours of dispersions."""
    from plotly.colors import get_colorscale

    return {"colours": get_colorscale(DISPERSION_COLOURS), "palette": dispersion_palette()}
