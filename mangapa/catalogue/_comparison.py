"""Two catalogues side by side: where they agree, and where they do not."""

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.table import QTable, Table

__all__ = ["Comparison", "compare"]

#: Angles that both catalogues may have.
ANGLES = ("stellar_pa", "halpha_pa", "pa_offset")
TITLES = {"stellar_pa": "Stars", "halpha_pa": r"H$\alpha$", "pa_offset": "Misalignment"}
#: Differences beyond this are outliers.
OUTLIER = 10 * u.deg
#: Within which shares are told.
WITHIN = (1, 5, 10)
#: Beyond this the receding side is another one.
REVERSED = 150


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Comparison:
    """
    Two catalogues side by side.

    Attributes
    ----------
    table : `~astropy.table.QTable`
        One row a galaxy of both: the angles of each, ``stellar_pa_a`` and ``stellar_pa_b`` for
        instance, and b less a, wrapped to -180 to 180 deg.
    numbers : `~astropy.table.Table`
        For each angle how many are in both, the median difference, shares within 1, 5 and 10 deg,
        and the share whose receding side is another one.
    only_a, only_b : `list` of `str`
        Plate-IFUs that the other lacks.
    """

    table: QTable
    numbers: Table
    only_a: list
    only_b: list

    def outliers(self, name, beyond=OUTLIER):
        """
        Galaxies whose angles differ most.

        Parameters
        ----------
        name : `str`
            Such as "stellar_pa".
        beyond : `~astropy.units.Quantity`, optional
            Difference from which a galaxy is one.

        Returns
        -------
        `~astropy.table.QTable`
            The worst first.
        """
        off = np.nan_to_num(np.abs(self.table[f"{name}_difference"].to_value(u.deg)))
        chosen = np.flatnonzero(off > beyond.to_value(u.deg))
        return self.table[chosen[np.argsort(-off[chosen], kind="stable")]]

    def plot(self, figure=None):
        """
        Draw the angles of one catalogue against those of the other, and their differences.

        Parameters
        ----------
        figure : `~matplotlib.figure.Figure`, optional
            Where to draw; a new one if not given.

        Returns
        -------
        `~matplotlib.figure.Figure`
        """
        from mangapa.plotting import new_figure

        figure = figure or new_figure((4.2 * len(self.numbers), 7))
        axes = figure.subplots(2, len(self.numbers), squeeze=False)
        for (above, below), name in zip(axes.T, self.numbers["angle"], strict=True):
            a, b = (self.table[f"{name}_{which}"].to_value(u.deg) for which in "ab")
            top = 180 if name == "pa_offset" else 360
            above.plot([0, top], [0, top], color="0.8", zorder=0)
            above.plot(a, b, ".", markersize=3, color="#0072B2", rasterized=True)
            above.set(xlim=(0, top), ylim=(0, top), aspect="equal", title=TITLES[name])
            above.set(xlabel="a (deg)", ylabel="b (deg)")
            off = self.table[f"{name}_difference"].to_value(u.deg)
            below.hist(off[np.isfinite(off)], np.linspace(-20, 20, 81), color="#0072B2")
            row = self.numbers[self.numbers["angle"] == name][0]
            below.set_title(f"{row['within_5']:.1%} within 5 deg", fontsize="medium")
            below.set(xlabel="b - a (deg), beyond 20 not shown", ylabel="galaxies")
        return figure

    def __repr__(self):
        parts = [f"{row['angle']} {row['within_5']:.1%} within 5 deg" for row in self.numbers]
        return f"<Comparison of {len(self.table)} galaxies: {', '.join(parts)}>"


def compare(a, b):
    """
    Set two catalogues side by side.

    Parameters
    ----------
    a, b : `~astropy.table.QTable`
        With ``plateifu`` and at least one of ``stellar_pa``, ``halpha_pa`` and ``pa_offset``; such
        as the published catalogue and one of ours.

    Returns
    -------
    `Comparison`

    Raises
    ------
    ValueError
        If they have no angle, or no galaxy, in common.
    """
    names = [name for name in ANGLES if name in a.colnames and name in b.colnames]
    common, in_a, in_b = np.intersect1d(
        np.asarray(a["plateifu"]), np.asarray(b["plateifu"]), return_indices=True
    )
    if not names or not common.size:
        what = "galaxy" if names else f"column of {', '.join(ANGLES)}"
        msg = f"the catalogues have no {what} in common"
        raise ValueError(msg)
    table, rows = QTable({"plateifu": common}), []
    for name in names:
        one, other = (np.atleast_1d(t[name][i].to(u.deg)) for t, i in ((a, in_a), (b, in_b)))
        off = other - one
        if name != "pa_offset":
            off = (off + 180 * u.deg) % (360 * u.deg) - 180 * u.deg
        table[f"{name}_a"], table[f"{name}_b"], table[f"{name}_difference"] = one, other, off
        rows.append({"angle": name, **_numbers(np.abs(off[np.isfinite(off)].value))})
    return Comparison(
        table=table,
        numbers=Table(rows),
        only_a=sorted(set(np.asarray(a["plateifu"]).tolist()) - set(common.tolist())),
        only_b=sorted(set(np.asarray(b["plateifu"]).tolist()) - set(common.tolist())),
    )


def _numbers(off):
    if not off.size:
        shares = {f"within_{limit}": np.nan for limit in WITHIN}
        return {"n": 0, "median": np.nan, **shares, "reversed": np.nan}
    return {
        "n": off.size,
        "median": float(np.median(off)),
        **{f"within_{limit}": float(np.mean(off <= limit)) for limit in WITHIN},
        "reversed": float(np.mean(off > REVERSED)),
    }
