"""Compare two catalogues galaxy by galaxy."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from astropy import units as u
from astropy.table import QTable, Table

from mangapa._utils.files import printable
from mangapa._utils.html import as_html, as_text
from mangapa._utils.quantities import scalar
from mangapa._utils.types import ScalarLike
from mangapa.angles import MISALIGNED
from mangapa.catalogue._cells import as_table, degrees, galaxies, texts
from mangapa.catalogue._conventions import conventions_of
from mangapa.catalogue._flag_table import IDENTIFIERS
from mangapa.catalogue._matching import ANALYSIS, match
from mangapa.fields import TRACER_TITLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Angles that both catalogues may have, and their titles.
ANGLES = {f"{tracer}_pa": title for tracer, title in TRACER_TITLES.items()}
ANGLES["pa_offset"] = "Misalignment"
#: Larger differences are outliers: above the 1-sigma errors of usable fields, below the 30 deg from
#: which a galaxy is misaligned.
OUTLIER = 10 * u.deg
#: Differences up to this are drawn, deg.
SHOWN = 20
#: Limits for which the fraction of the galaxies is given, deg.
WITHIN = (1, 5, 10)
#: Beyond this difference (deg) the catalogues disagree on the receding side; 180 less 30.
REVERSED = 150


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Comparison:
    """
    Two catalogues, galaxy by galaxy.

    Attributes
    ----------
    table : `~astropy.table.QTable`
        One row for each galaxy in both: ``name`` as in a, ``plateifu`` where a catalogue has it,
        angles such as ``stellar_pa_a`` and ``stellar_pa_b``, ``stellar_pa_difference``, b less a,
        from -180 to 180 deg, and ``observation_a``, ``daptype_a`` and the like. A galaxy with
        several observations or analyses has several rows.
    numbers : `~astropy.table.Table`
        For each angle the number of galaxies (``n``), the ``median`` absolute difference (deg), and
        the fractions within 1, 5 and 10 deg and with the opposite receding side (``reversed``).
    only_a, only_b : `list` of `str`
        Galaxies that the other catalogue lacks, by plate-IFU or name.
    unmatched : `~astropy.table.Table`
        Rows that are left out although the galaxy may be in both: ``catalogue`` ("a" or "b"), the
        number of the ``row``, ``name``, ``observation``, ``release``, ``daptype`` and ``reason``.
    conventions : `~astropy.table.Table`
        One row for each position angle that b measures another way than a, in a way that chance
        does not explain: ``angle``, ``hypothesis`` such as "turned by 180 deg (a + 180)", the
        number of galaxies ``n``, the ``median`` absolute difference as it is, ``median_undone``
        after undoing it (deg), and the ``share`` of the galaxies that agree better then. At least
        eight galaxies are needed; with few, a true one may be missed.
    names : `tuple` of `str`
        What figures call the catalogues a and b.
    """

    table: QTable
    numbers: Table
    only_a: list
    only_b: list
    unmatched: Table = field(default_factory=Table)
    conventions: Table = field(default_factory=Table)
    names: tuple[str, str] = ("a", "b")

    @property
    def notes(self) -> list[str]:
        """One sentence for each row of ``conventions``."""
        return [
            f"{row['angle']} of b is {row['hypothesis']} against a: median difference "
            f"{row['median']:.1f} deg, and {row['median_undone']:.1f} after undoing it, "
            f"which makes {row['share']:.0%} of {row['n']} galaxies agree better"
            for row in self.conventions
        ]

    def outliers(self, name: str, beyond: ScalarLike = OUTLIER) -> QTable:
        """
        Select the galaxies whose angles differ most.

        Parameters
        ----------
        name : `str`
            Name of the angle, such as "stellar_pa".
        beyond : `float` or `~astropy.units.Quantity`, optional
            Galaxies with a larger difference are selected, deg.

        Returns
        -------
        `~astropy.table.QTable`
            Their rows, the largest difference first.

        Raises
        ------
        ValueError
            If the catalogues do not share the angle, or ``beyond`` is not an angle.
        """
        if name not in self.numbers["angle"]:
            msg = f"name={name!r} must be one of {', '.join(self.numbers['angle'])}"
            raise ValueError(msg)
        off = np.nan_to_num(np.abs(self.table[f"{name}_difference"].to_value(u.deg)))
        chosen = np.flatnonzero(off > scalar("beyond", beyond, u.deg))
        return self.table[chosen[np.argsort(-off[chosen], kind="stable")]]

    def plot(self, figure: "Figure | None" = None) -> "Figure":
        """
        Draw the angles of one catalogue against those of the other, and their differences.

        Parameters
        ----------
        figure : `~matplotlib.figure.Figure`, optional
            Where to draw; a new figure by default.

        Returns
        -------
        `~matplotlib.figure.Figure`
            The figure.
        """
        from mangapa.plotting import new_figure

        figure = figure or new_figure((4.2 * len(self.numbers), 7))
        axes = figure.subplots(2, len(self.numbers), squeeze=False)
        for (above, below), row in zip(axes.T, self.numbers, strict=True):
            name = row["angle"]
            a, b, off = (
                self.table[f"{name}_{x}"].to_value(u.deg) for x in ("a", "b", "difference")
            )
            top = 180 if name == "pa_offset" else 360
            above.plot([0, top], [0, top], color="0.8", zorder=0)
            above.plot(a, b, ".", markersize=3, color="#0072B2", rasterized=True)
            above.set(xlim=(0, top), ylim=(0, top), aspect="equal", title=ANGLES[name])
            if name == "pa_offset":
                for line in (above.axhline, above.axvline):
                    line(MISALIGNED.value, color="0.4", lw=1, ls="--", zorder=0)
            above.set(xlabel=f"{self.names[0]} (deg)", ylabel=f"{self.names[1]} (deg)")
            known = off[np.isfinite(off)]
            below.hist(known, np.linspace(-SHOWN, SHOWN, 81), color="#0072B2")
            within = f"{row['within_5']:.1%} of {row['n']} within 5 deg"
            below.set_title(within, fontsize="medium")
            hidden = f"{np.sum(np.abs(known) > SHOWN)} of {row['n']} beyond {SHOWN} deg, not shown"
            difference = f"{self.names[1]} less {self.names[0]} (deg)"
            below.set(xlabel=f"{difference}\n{hidden}", ylabel="galaxies")
        return figure

    def __repr__(self):
        parts = [f"{row['angle']} {row['within_5']:.1%} within 5 deg" for row in self.numbers]
        return (
            f"<Comparison of {len(self.table)} galaxies: {', '.join(parts)}; "
            f"{len(self.only_a)} only in a, {len(self.only_b)} only in b"
            + (f", {len(self.unmatched)} rows not matched" if len(self.unmatched) else "")
            + "".join(f"; {note}" for note in self.notes)
            + ">"
        )

    def _repr_html_(self):
        rows = [("Galaxies in both", len(self.table))]
        rows += [
            (f"Only in {name}", len(only))
            for name, only in zip(self.names, (self.only_a, self.only_b), strict=True)
        ]
        rows.append(("Rows not matched", len(self.unmatched)))
        for row in self.numbers:
            text = f"n = {row['n']}, median difference {as_text(row['median'] * u.deg)}, "
            rows.append((ANGLES[row["angle"]], f"{text}{row['within_5']:.1%} within 5 deg"))
        rows += [("Note", note) for note in self.notes]
        size = (2.8 * len(self.numbers), 5)
        return as_html("Comparison", rows, self.plot, size)


def compare(a: Table, b: Table, *, names: Sequence[str] = ("a", "b")) -> Comparison:
    """
    Compare two catalogues galaxy by galaxy.

    Galaxies are matched by plate-IFU, or by name if they have none; NGC0628 and ngc 628 are the
    same. If a galaxy has several rows, they are matched by ``observation``, ``release`` and
    ``daptype``, as far as both catalogues have them. Rows that cannot be matched in one way only
    are listed in ``unmatched`` of the result. If one catalogue has its position angles to the other
    side, mirrored or from another axis, ``conventions`` says so.

    Parameters
    ----------
    a, b : `~astropy.table.Table` or ``pandas.DataFrame``
        Catalogues such as the published one and one that mangapa made, with ``plateifu`` or
        ``name``, and at least one of ``stellar_pa``, ``halpha_pa`` and ``pa_offset``, in deg if
        they have no unit. Masked angles, and those of -999 or less, are missing.
    names : sequence of two `str`, optional
        What figures call a and b.

    Returns
    -------
    `Comparison`
        Angles, differences and statistics of the galaxies in both.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a table, has no column that names galaxies, or holds something else
        than angles; if the catalogues have no angle, or no galaxy, in common; or if ``names`` are
        not two.

    Examples
    --------
    >>> from astropy import units as u
    >>> from astropy.table import QTable
    >>> from mangapa.catalogue import compare
    >>> a = QTable({"plateifu": ["8485-1901"], "stellar_pa": [359] * u.deg})
    >>> b = QTable({"plateifu": ["8485-1901", "8485-1902"], "stellar_pa": [2, 90] * u.deg})
    >>> compare(a, b)
    <Comparison of 1 galaxies: stellar_pa 100.0% within 5 deg; 0 only in a, 1 only in b>
    """
    a, b = as_table("a", a), as_table("b", b)
    if isinstance(names, str) or len(names) != 2:
        msg = f"names={names!r} must be two names, one for each catalogue"
        raise ValueError(msg)
    angles = [name for name in ANGLES if name in a.colnames and name in b.colnames]
    found = match(a, b)
    if not angles or not found.common:
        what = "galaxy" if angles else f"column of {', '.join(ANGLES)}"
        msg = f"the catalogues have no {what} in common"
        if angles and len(found.unmatched):
            msg += f": {len(found.unmatched)} rows have no plate-IFU and no name"
        elif angles and found.only_a and found.only_b:
            msg += f": a names {found.only_a[0]!r}, for example, and b {found.only_b[0]!r}"
        raise ValueError(msg)
    places = np.array(found.pairs, int).reshape(-1, 2).T
    table = QTable({"name": galaxies(a, "a")[places[0]].astype(str)})
    if any(name in catalogue.colnames for name in IDENTIFIERS for catalogue in (a, b)):
        table["plateifu"] = table["name"]
    for side, catalogue, rows in zip("ab", (a, b), places, strict=True):
        for name in ANALYSIS:
            if name in catalogue.colnames:
                table[f"{name}_{side}"] = texts(catalogue, name)[rows].astype(str)
    statistics, directions = [], {}
    for name in angles:
        one, other = (
            degrees(catalogue, name, side)[rows]
            for side, catalogue, rows in zip("ab", (a, b), places, strict=True)
        )
        off = other - one
        if name != "pa_offset":
            off = (off + 180) % 360 - 180
            directions[name] = one, other
        for column, values in (("a", one), ("b", other), ("difference", off)):
            table[f"{name}_{column}"] = values * u.deg
        statistics.append({"angle": name, **_statistics(np.abs(off[np.isfinite(off)]))})
    return Comparison(
        table=table,
        numbers=_as_table(statistics),
        only_a=found.only_a,
        only_b=found.only_b,
        unmatched=found.unmatched,
        conventions=conventions_of(directions),
        names=tuple(map(printable, names)),
    )


def _as_table(statistics):
    """Table of the statistics, with units and as many digits as they are worth."""
    numbers = Table(statistics)
    numbers["median"].info.unit = u.deg
    numbers["median"].info.format = ".2f"
    for name in numbers.colnames[3:]:
        numbers[name].info.format = ".1%"
    return numbers


def _statistics(off):
    """Statistics of absolute differences in deg; NaN if there are none."""
    chosen = {f"within_{limit}": off <= limit for limit in WITHIN} | {"reversed": off > REVERSED}
    fractions = {name: np.mean(rows) if off.size else np.nan for name, rows in chosen.items()}
    return {"n": off.size, "median": np.median(off) if off.size else np.nan, **fractions}
