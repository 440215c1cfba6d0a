"""MaNGA's identifiers, its data releases, and the analyses in each release."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mangapa._utils.options import closest

__all__ = ["MANGAID", "MANGA_RELEASES", "PLATEIFU", "Release", "release_named", "release_of"]

#: Numbers of fibres of the IFUs, as alternatives of a regular expression.
IFU_SIZES = "19|37|61|91|127"
#: A MaNGA plate-IFU: plate number, fibre count of the IFU and its number on the plate.
PLATEIFU = re.compile(rf"[1-9][0-9]{{3,4}}-(?:{IFU_SIZES})[0-9]{{2}}")
#: A MaNGA-ID: a catalogue, and the number of the target in it.
MANGAID = re.compile(r"[0-9]{1,3}-[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True)
class Release:
    """
    A data release of MaNGA.

    Attributes
    ----------
    name, aliases : `str`, `tuple` of `str`
        The public name if there is one, and other names of the same data.
    drpver, dapver : `str`
        Versions of the data reduction pipeline (DRP) and the data analysis pipeline (DAP).
    bintypes : `tuple` of `str`
        Binning schemes, the release's default first.
    template : `str`
        Stellar-continuum and emission-line templates, the second half of a daptype.
    more_daptypes : `tuple` of `str`
        Analyses with another template.
    """

    name: str
    drpver: str
    dapver: str
    bintypes: tuple[str, ...]
    template: str
    aliases: tuple[str, ...] = ()
    more_daptypes: tuple[str, ...] = ()

    @property
    def daptypes(self) -> list[str]:
        """All analyses, the release's default first."""
        return [f"{bintype}-{self.template}" for bintype in self.bintypes] + [*self.more_daptypes]


# fmt: off
#: Names, versions of the DRP and the DAP, template, bintypes, and more daptypes of each release.
_TABLE = (
    (("DR17", "MPL-11"), "v3_1_1", "3.1.0", "MILESHC-MASTARSSP", "HYB10 SPX VOR10",
     "HYB10-MILESHC-MASTARHC2"),
    (("MPL-10",), "v3_0_1", "3.0.1", "MILESHC-MASTARHC2", "HYB10 SPX VOR10"),
    (("MPL-9",), "v2_7_1", "2.4.1", "MILESHC-MASTARHC", "HYB10 SPX VOR10"),
    (("MPL-8",), "v2_5_3", "2.3.0", "MILESHC-MILESHC", "HYB10 SPX VOR10"),
    (("DR15", "DR16", "MPL-7"), "v2_4_3", "2.2.1", "GAU-MILESHC", "HYB10 VOR10"),
    (("MPL-6",), "v2_3_1", "2.1.3", "GAU-MILESHC", "SPX HYB10 VOR10 ALL NRE"),
    (("MPL-5",), "v2_0_1", "2.0.2", "GAU-MILESHC", "SPX VOR10 ALL NRE"),
    (("MPL-4",), "v1_5_1", "1.1.1", "MIUSCAT-THIN", "NONE RADIAL STON"),
)
#: The releases whose MAPS files can be read, newest first.
MANGA_RELEASES = tuple(
    Release(
        name=names[0], aliases=names[1:], drpver=drpver, dapver=dapver, template=template,
        bintypes=tuple(bintypes.split()), more_daptypes=tuple(more),
    )
    for names, drpver, dapver, template, bintypes, *more in _TABLE
)
# fmt: on
#: Version of the DRP in the MAPS files of MPL-4, which name no version of the DAP.
MPL4_DRPVER = "v1_5_0"


def release_named(name: str) -> Release:
    """
    Look up a release by any of its names.

    Parameters
    ----------
    name : `str`
        Such as DR17 or MPL-11.

    Returns
    -------
    `Release`

    Raises
    ------
    TypeError, ValueError
        If the name is not text, or the release is not known.
    """
    if not isinstance(name, str):
        msg = f"release={name!r} must be text such as 'DR17', not {type(name).__name__}"
        raise TypeError(msg)
    for release in MANGA_RELEASES:
        if name == release.name or name in release.aliases:
            return release
    known = [n for r in MANGA_RELEASES for n in (r.name, *r.aliases)]
    msg = f"release={name!r} is not known{closest(name, known)}; choose one of {', '.join(known)}"
    raise ValueError(msg)


def release_of(header: Mapping) -> Release | None:
    """
    Identify the release of a file from the pipeline versions in its primary header.

    Parameters
    ----------
    header : `~astropy.io.fits.Header`
        Primary header of a MAPS file.

    Returns
    -------
    `Release` or `None`
        `None` if the versions belong to no known release.
    """
    versions = str(header.get("VERSDRP3", "")).strip(), str(header.get("VERSDAP", "")).strip()
    if versions == (MPL4_DRPVER, ""):
        return release_named("MPL-4")
    known = (r for r in MANGA_RELEASES if versions == (r.drpver, r.dapver))
    return next(known, None)
