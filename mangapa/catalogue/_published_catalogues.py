"""The catalogues of position angles that other teams have published, and how each measures them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from mangapa.fields import TRACERS


@dataclass(frozen=True, kw_only=True)
class Published:
    """
    A published catalogue; names of columns are in lower case, since services differ in it.

    Attributes
    ----------
    title, citation : `str`
        What it is, and the paper.
    convention : `str`
        How its angles are measured, and what is done to them.
    names : `tuple` of `str`
        Columns that name the galaxy; the first that there is counts.
    angles : `dict`
        For a tracer the column of its position angle, and that of the error or `None`.
    errors : `str`
        What the errors are.
    turn : `float` or callable
        What to add to the angles to point to the receding side, deg; or a function that returns it
        from the description of the column.
    sigmas : `float`
        Significance of the errors.
    unconstrained : `float`
        Errors from here on, deg, are of angles that the field does not constrain.
    identify : callable
        The name of a galaxy and of an observation of it, from the text of the column.
    sources : `dict`
        For a tracer a column of codes that say what its angle comes from, and their meanings.
    """

    title: str
    citation: str
    convention: str
    names: tuple[str, ...]
    angles: dict
    errors: str = ""
    turn: float | Callable = 0.0
    sigmas: float = 1.0
    unconstrained: float = float("inf")
    identify: Callable = lambda text: (text, "")
    sources: dict = field(default_factory=dict)

    def tracers(self, names):
        """Tracers of which a table with these columns has the angles; none if it is another."""
        if not {*self.names} & {*names}:
            return []
        needed = {tracer: {*filter(None, columns)} for tracer, columns in self.angles.items()}
        return [tracer for tracer in TRACERS if needed.get(tracer, {None}) <= {*names}]


def _catid_and_letter(text):
    """41144_A is observation A of 41144."""
    catid, _, letter = text.rpartition("_")
    return (catid, letter) if catid else (letter, "")


def _turn_of_edge(description):
    """Releases of this table differ in the side, and say which it is."""
    text = description.lower()
    sides = {*re.findall(r"\bto (?:the )?(approaching|receding)\b", text)}
    sides = sides or {*re.findall("approaching|receding", text)}
    if len(sides) == 1:
        return {"approaching": 180.0, "receding": 0.0}[sides.pop()]
    msg = (
        "does not say to which side rfPA points, and its releases differ; use the ECSV file of "
        "edge_pydb with its header, where the description of rfPA says so"
    )
    raise ValueError(msg)


#: pafit's 3-sigma interval of an axis of which nothing is known has a half-width of 89.5 or 89.75
#: deg, since it tries an axis every half degree.
WHOLE = 89.4
CATALOGUES = (
    Published(
        title="SAMI DR3",
        citation="Croom et al. 2021, MNRAS 505, 991",
        convention=(
            "North through East to the receding side; published to the approaching side, and "
            "turned by 180 deg here"
        ),
        names=("cubeidpub", "catid"),
        angles={
            "stellar": ("pa_stelkin", "pa_stelkin_err"),
            "halpha": ("pa_gaskin", "pa_gaskin_err"),
        },
        errors=(
            "a third of pafit's 3-sigma interval, as published: never below 1/6 deg, where most "
            "errors of the gas stand, so too small; 29.8 deg or more: the axis is unconstrained"
        ),
        turn=180.0,
        unconstrained=WHOLE / 3,
        identify=_catid_and_letter,
    ),
    Published(
        title="ATLAS3D, table D1",
        citation="Krajnovic et al. 2011, MNRAS 414, 2923",
        convention="North through East to the receding side, as published",
        names=("name",),
        angles={"stellar": ("pakin", "erpakin")},
        errors=(
            "a third of the published error, which is the half-width of pafit's 3-sigma interval; "
            "29.8 deg or more: the axis is unconstrained"
        ),
        sigmas=3.0,
        unconstrained=WHOLE / 3,
    ),
    Published(
        title="EDGE-CALIFA, table edge_rfpars",
        citation="Levy et al. 2018, ApJ 860, 92",
        convention=(
            "North through East to the receding side; turned by 180 deg here if the table says "
            "that it is published to the approaching side"
        ),
        names=("name",),
        angles={"halpha": ("rfpa", None)},
        errors="not published",
        turn=_turn_of_edge,
        sources={
            "halpha": (
                "rfpaflag",
                ("CO kinematics", "H-alpha kinematics", "outer optical isophotes", "LEDA"),
            )
        },
    ),
    Published(
        title="GHASP",
        citation="Epinat et al. 2008, MNRAS 388, 500, and 390, 466",
        convention="North through East to the receding side, as published",
        names=("ugc",),
        angles={"halpha": ("pa", "e_pa")},
        errors="from the fit of a disc, as published",
        identify=lambda text: (f"UGC {text.lstrip('0')}" if text else "", ""),
    ),
)
