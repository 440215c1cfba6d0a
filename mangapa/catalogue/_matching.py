"""Which rows of two catalogues are the same galaxy, and the same analysis of it."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from mangapa.catalogue._cells import galaxies, texts

#: Columns that tell the observations and the analyses of one galaxy apart.
ANALYSIS = ("observation", "release", "daptype")
#: Zeros that some catalogues put between the letters and the number of a name.
LEADING_ZEROS = re.compile(r"(?<=[a-z])0+(?=\d)")
#: Reasons why a row has no partner.
UNNAMED = "it has no plate-IFU and no name"
NO_PARTNER = "the other catalogue has no such analysis of the galaxy"
SEVERAL = "several rows could be its partner"


@dataclass(frozen=True, kw_only=True)
class Matching:
    """
    The rows of two catalogues, galaxy by galaxy.

    Attributes
    ----------
    common : `list` of `str`
        Galaxies in both.
    only_a, only_b : `list` of `str`
        Galaxies that the other catalogue lacks.
    pairs : `list` of `tuple`
        The rows in ``a`` and in ``b`` of each pair, sorted by galaxy.
    unmatched : `~astropy.table.Table`
        Rows of the common galaxies that are in no pair, and rows that name no galaxy.
    """

    common: list
    only_a: list
    only_b: list
    pairs: list
    unmatched: Table


def match(a, b):
    """
    Match two catalogues; return a `Matching`.

    If a galaxy has one row on each side, these are a pair. Otherwise two rows are a pair if they,
    and no other rows of the galaxy, agree in the observation, the release and the analysis as far
    as both have them. Names that differ in blanks, case or leading zeros are the same galaxy.
    """
    names, analyses, places = {}, {}, {}
    for side, table in (("a", a), ("b", b)):
        names[side] = galaxies(table, side)
        analyses[side] = [*zip(*(texts(table, name) for name in ANALYSIS), strict=True)]
        places[side] = defaultdict(list)
        for row, name in enumerate(names[side]):
            places[side][_key(name)].append(row)
    left = [(side, row, UNNAMED) for side in "ab" for row in places[side].pop("", [])]
    common = sorted(places["a"].keys() & places["b"].keys())
    pairs = []
    for name in common:
        partners = _partners(places["a"][name], places["b"][name], analyses)
        for side, other in (("a", "b"), ("b", "a")):
            for row, found in partners[side].items():
                if len(found) != 1 or len(partners[other][found[0]]) != 1:
                    left.append((side, row, SEVERAL if found else NO_PARTNER))
                elif side == "a":
                    pairs.append((row, found[0]))
    left.sort()
    columns = {
        "catalogue": [side for side, _, _ in left],
        "row": [row for _, row, _ in left],
        "name": [names[side][row] for side, row, _ in left],
        **{
            column: [analyses[side][row][place] for side, row, _ in left]
            for place, column in enumerate(ANALYSIS)
        },
        "reason": [reason for _, _, reason in left],
    }
    kinds = {name: int if name == "row" else str for name in columns}
    return Matching(
        common=common,
        only_a=_alone(names, places, "a", "b"),
        only_b=_alone(names, places, "b", "a"),
        pairs=pairs,
        unmatched=Table({name: np.array(rows, kinds[name]) for name, rows in columns.items()}),
    )


def _key(name):
    """NGC0628 and ngc 628 are one galaxy; numbers behind anything else than letters stay."""
    return LEADING_ZEROS.sub("", re.sub(r"[\s_]+", "", name).casefold())


def _alone(names, places, side, other):
    """Galaxies that the other side lacks, as this side calls them."""
    keys = sorted(places[side].keys() - places[other].keys())
    return [names[side][places[side][key][0]] for key in keys]


def _partners(of_a, of_b, analyses):
    """Rows of the other side that agree with each row of one galaxy, by side."""
    alone = len(of_a) == len(of_b) == 1
    agreeing = [
        (i, j) for i in of_a for j in of_b if alone or _agree(analyses["a"][i], analyses["b"][j])
    ]
    return {
        "a": {i: [j for one, j in agreeing if one == i] for i in of_a},
        "b": {j: [i for i, one in agreeing if one == j] for j in of_b},
    }


def _agree(one, other):
    return all(mine == theirs for mine, theirs in zip(one, other, strict=True) if mine and theirs)


def one_row_each(table):
    """
    Choose one row for each galaxy: that of its analysis with the most rows, or else its first.

    A row that names no galaxy is one. Returns the rows in their order, and their analyses.
    """
    columns = [texts(table, name) for name in ANALYSIS]
    analyses = [" ".join(filter(None, parts)) for parts in zip(*columns, strict=True)]
    numbers, places = Counter(analyses), defaultdict(list)
    for row, name in enumerate(galaxies(table, needed=False)):
        places[_key(name) or row].append(row)
    # Among equals, max takes the first.
    rows = sorted(max(of_one, key=lambda row: numbers[analyses[row]]) for of_one in places.values())
    return rows, tuple(dict.fromkeys(filter(None, (analyses[row] for row in rows))))
