"""What a survey is: its identifiers, its data releases and the analyses in each of them."""

import re
from dataclasses import dataclass

__all__ = ["MANGAID", "MANGA_RELEASES", "PLATEIFU", "Release", "release_named", "release_of"]

#: A MaNGA plate-IFU: plate number, fibre count of the IFU and its number on the plate.
PLATEIFU = re.compile(r"[0-9]{4,5}-(?:19|37|61|91|127)[0-9]{2}", re.ASCII)
#: A MaNGA-ID: catalogue and number of the target in it.
MANGAID = re.compile(r"[0-9]{1,3}-[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Release:
    """
    A data release of MaNGA.

    Attributes
    ----------
    name : `str`
        The public name, or the internal one where the release was never public.
    drpver, dapver : `str`
        Versions of the data reduction and the data analysis pipeline.
    bintypes : `tuple` of `str`
        Binning schemes, the release's own default first.
    template : `str`
        Stellar-continuum and emission-line templates, the second half of a daptype.
    aliases : `tuple` of `str`
        Other names of the same data.
    more_daptypes : `tuple` of `str`
        Analyses with another template.
    """

    name: str
    drpver: str
    dapver: str
    bintypes: tuple
    template: str
    aliases: tuple = ()
    more_daptypes: tuple = ()

    @property
    def daptypes(self):
        """All analyses, as a `list` of `str`, the release's own default first."""
        return [f"{bintype}-{self.template}" for bintype in self.bintypes] + [*self.more_daptypes]


#: The releases whose MAPS files can be read, newest first.
MANGA_RELEASES = (
    Release(
        name="DR17",
        drpver="v3_1_1",
        dapver="3.1.0",
        bintypes=("HYB10", "SPX", "VOR10"),
        template="MILESHC-MASTARSSP",
        aliases=("MPL-11",),
        more_daptypes=("HYB10-MILESHC-MASTARHC2",),
    ),
    Release(
        name="MPL-10",
        drpver="v3_0_1",
        dapver="3.0.1",
        bintypes=("HYB10", "SPX", "VOR10"),
        template="MILESHC-MASTARHC2",
    ),
    Release(
        name="MPL-9",
        drpver="v2_7_1",
        dapver="2.4.1",
        bintypes=("HYB10", "SPX", "VOR10"),
        template="MILESHC-MASTARHC",
    ),
    Release(
        name="MPL-8",
        drpver="v2_5_3",
        dapver="2.3.0",
        bintypes=("HYB10", "SPX", "VOR10"),
        template="MILESHC-MILESHC",
    ),
    Release(
        name="DR15",
        drpver="v2_4_3",
        dapver="2.2.1",
        bintypes=("HYB10", "VOR10"),
        template="GAU-MILESHC",
        aliases=("DR16", "MPL-7"),
    ),
    Release(
        name="MPL-6",
        drpver="v2_3_1",
        dapver="2.1.3",
        bintypes=("SPX", "HYB10", "VOR10", "ALL", "NRE"),
        template="GAU-MILESHC",
    ),
    Release(
        name="MPL-5",
        drpver="v2_0_1",
        dapver="2.0.2",
        bintypes=("SPX", "VOR10", "ALL", "NRE"),
        template="GAU-MILESHC",
    ),
    Release(
        name="MPL-4",
        drpver="v1_5_1",
        dapver="1.1.1",
        bintypes=("NONE", "RADIAL", "STON"),
        template="MIUSCAT-THIN",
    ),
)
#: The MAPS files of MPL-4 tell no version of the DAP, and an older one of the DRP.
MPL4_DRPVER = "v1_5_0"


def release_named(name):
    """
    Look a release up by any of its names.

    Parameters
    ----------
    name : `str`
        Such as DR17 or MPL-11.

    Returns
    -------
    `Release`

    Raises
    ------
    ValueError
        If there is no such release.
    """
    for release in MANGA_RELEASES:
        if name == release.name or name in release.aliases:
            return release
    known = ", ".join(n for r in MANGA_RELEASES for n in (r.name, *r.aliases))
    msg = f"release={name!r} is not known; choose one of {known}"
    raise ValueError(msg)


def release_of(header):
    """
    Tell the release from the pipeline versions in a primary header.

    Parameters
    ----------
    header : `~astropy.io.fits.Header`
        Primary header of a MAPS file.

    Returns
    -------
    `Release` or `None`
        `None` where the versions belong to no release that is known.
    """
    versions = str(header.get("VERSDRP3", "")).strip(), str(header.get("VERSDAP", "")).strip()
    if versions == (MPL4_DRPVER, ""):
        return release_named("MPL-4")
    for release in MANGA_RELEASES:
        if versions == (release.drpver, release.dapver):
            return release
    return None
