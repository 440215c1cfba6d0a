"""Names of figures: what a header says is never a path, and no figure replaces another."""

import re
import unicodedata
from collections import Counter

from mangapa.fields import TRACERS

#: Longest name of a galaxy in the name of a file, characters.
LONGEST = 80


def safe_stem(name):
    """Make the stem of a file's name from any text: ASCII letters, digits and ``-_.``."""
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^\w.-]+", "_", text, flags=re.ASCII).strip("-_.")[:LONGEST] or "galaxy"


def figure_stems(names, analyses):
    """
    Stems of the figures of some galaxies, whose names and analyses are given.

    Galaxies of one name are told apart by the analysis or, if that is the same, by a number.
    """
    stems = [safe_stem(name) for name in names]
    numbers = Counter(map(str.casefold, stems))
    taken, found = set(), []
    for stem, analysis in zip(stems, analyses, strict=True):
        if analysis and numbers[stem.casefold()] > 1:
            stem = f"{stem}-{safe_stem(analysis)}"
        choice, number = stem, 1
        while taken & (files := {one.casefold() for one in _files(choice)}):
            number += 1
            choice = f"{stem}-{number}"
        taken |= files
        found.append(choice)
    return found


def profile_stem(stem, tracer):
    """Stem of the figure of a profile."""
    return f"{stem}-{tracer}-profile"


def _files(stem):
    return [stem, *(profile_stem(stem, tracer) for tracer in TRACERS)]
