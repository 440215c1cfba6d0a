"""What an expert can say of a velocity field: the classes and codes of the published catalogue."""

from dataclasses import dataclass

__all__ = ["CODES", "FEATURES", "NOTES", "QUALITIES", "TITLES", "Choice", "scheme"]

#: Of the tracers, as the page names them.
TITLES = {"stellar": "Stars", "halpha": "H\N{GREEK SMALL LETTER ALPHA}"}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """
    One thing that can be said.

    Attributes
    ----------
    code : `int`
        As published.
    key : `str`
        Of the keyboard.
    text : `str`
        As the page says it.
    help : `str`
        What is meant.
    """

    code: int
    key: str
    text: str
    help: str


#: Duckworth et al. 2020, MNRAS 492, 1869, section 2.4, as the two that follow.
QUALITIES = (
    Choice(code=0, key="0", text="do not use", help="no rotation, too little field, or spoilt"),
    Choice(code=1, key="1", text="messy", help="usable, with larger errors or complex motions"),
    Choice(code=2, key="2", text="clean", help="one clear axis"),
)
#: Of either field; 0 is none.
FEATURES = (
    Choice(code=1, key="k", text="KDC", help="decoupled core: its axis is off by more than 30 deg"),
    Choice(code=2, key="w", text="warp", help="the axis turns with radius"),
    Choice(code=3, key="m", text="merger", help="a companion or a disturbed field"),
)
#: Of the gas alone; 0 is none.
NOTES = (
    Choice(code=1, key="d", text="depletion", help="there is little gas"),
    Choice(code=2, key="n", text="no clear rotation", help="there is gas, but no axis"),
    Choice(code=3, key="b", text="biased rotation", help="rotation, but not that of a disc"),
)
#: The codes that a judgement may have, by what they are of.
CODES = {
    "quality": tuple(choice.code for choice in QUALITIES),
    "feature": (0, *(choice.code for choice in FEATURES)),
    "note": (0, *(choice.code for choice in NOTES)),
}


def scheme():
    """
    All that can be said, as the page needs it.

    Returns
    -------
    `dict` of `list` of `dict`
        For "qualities", "features" and "notes".

    Examples
    --------
    >>> from mangapa.inspection._scheme import scheme
    >>> scheme()["features"][0]["text"]
    'KDC'
    """
    groups = {"qualities": QUALITIES, "features": FEATURES, "notes": NOTES}
    return {name: [vars(choice) for choice in group] for name, group in groups.items()}
