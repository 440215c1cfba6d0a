"""All extensions and cards of a MAPS file of DR15, of which fields need a third."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from astropy.io import fits

__all__ = ["FLUX", "LINE_FLUX", "complete_primary", "completed", "related"]

FLUX, LINE_FLUX = "1E-17 erg/s/cm^2/ang/spaxel", "1E-17 erg/s/cm^2/spaxel"
WEIGHTED_SKY = ("Lum. weighted on-sky X", "Lum. weighted on-sky Y")
WEIGHTED_ELLIPTICAL = "Lum. weighted elliptical radius", "R/Re", "Lum. weighted elliptical azimuth"
RESIDUALS = ("68th percentile", "99th percentile")
INDICES = (
    "CN1 CN2 Ca4227 G4300 Fe4383 Ca4455 Fe4531 C24668 Hb Fe5015 Mg1 Mg2 Mgb Fe5270 Fe5335 Fe5406 "
    "Fe5709 Fe5782 NaD TiO1 TiO2 HDeltaA HGammaA HDeltaF HGammaF CaHK CaII1 CaII2 CaII3 Pa17 Pa14 "
    "Pa12 MgICvD NaICvD MgIIR FeHCvD NaI bTiO aTiO CaH1 CaH2 NaISDSS TiO2SDSS D4000 Dn4000 TiOCvD"
)
#: Stands for the emission lines of the release.
BY_LINE = "lines"
ERRORS = ("", "_IVAR", "_MASK")
#: Name, unit and channels of each map, and the ends of the names of the extensions with it, its
#: inverse variance and its mask, in their order. Those of `NEEDED` are not made here.
LAYOUT = (
    ("SPX_SKYCOO", "", (), ("",)),
    ("SPX_ELLCOO", "", (), ("",)),
    ("SPX_MFLUX", FLUX, (), ("", "_IVAR")),
    ("SPX_SNR", "", (), ("",)),
    ("BINID", "", (), ("",)),
    ("BIN_LWSKYCOO", "arcsec", WEIGHTED_SKY, ("",)),
    ("BIN_LWELLCOO", "", WEIGHTED_ELLIPTICAL, ("",)),
    ("BIN_AREA", "arcsec^2", (), ("",)),
    ("BIN_FAREA", "", (), ("",)),
    ("BIN_MFLUX", FLUX, (), ERRORS),
    ("BIN_SNR", "", (), ("",)),
    ("STELLAR_VEL", "km/s", (), ERRORS),
    ("STELLAR_SIGMA", "km/s", (), ERRORS),
    ("STELLAR_SIGMACORR", "km/s", (), ("",)),
    ("STELLAR_CONT_FRESID", "", RESIDUALS, ("",)),
    ("STELLAR_CONT_RCHI2", "", (), ("",)),
    ("EMLINE_SFLUX", LINE_FLUX, BY_LINE, ERRORS),
    ("EMLINE_SEW", "ang", BY_LINE, ERRORS),
    ("EMLINE_GFLUX", LINE_FLUX, BY_LINE, ERRORS),
    ("EMLINE_GEW", "ang", BY_LINE, ERRORS),
    ("EMLINE_GVEL", "km/s", BY_LINE, ERRORS),
    ("EMLINE_GSIGMA", "km/s", BY_LINE, ERRORS),
    ("EMLINE_INSTSIGMA", "km/s", BY_LINE, ("",)),
    ("EMLINE_TPLSIGMA", "km/s", BY_LINE, ("",)),
    ("SPECINDEX", "", INDICES.split(), ERRORS),
    ("SPECINDEX_CORR", "", INDICES.split(), ("",)),
)
#: Extensions without noise: a release that lacks them has their content elsewhere.
NEEDED = {"SPX_SKYCOO", "SPX_ELLCOO", "BINID"}
#: Extensions with a unit of each channel.
WITH_UNITS = {"SPX_ELLCOO", "BIN_LWELLCOO", "SPECINDEX", "SPECINDEX_IVAR"}
#: What HDUCLAS2 and HDUCLAS3 say of each kind of extension (DAP data model).
KINDS = {"": ("DATA", None), "_IVAR": ("ERROR", "INVMSE"), "_MASK": ("QUALITY", "FLAG32BIT")}
#: Cards of the primary header about an observation and its analysis, which a simulation lacks.
NUMBERS = (
    "EQUINOX NEXP EXPTIME BLUESN2 REDSN2 AIRMSMIN AIRMSMED AIRMSMAX SEEMIN SEEMED SEEMAX TRANSMIN "
    "TRANSMED TRANSMAX MJDMIN MJDMED MJDMAX MJDRED IFURA IFUDEC CENRA CENDEC DESIGNID FRLPLUG "
    "IFUGLON IFUGLAT EBVGAL GFWHM RFWHM IFWHM ZFWHM BBWAVE BBINDEX BINMINSN FSPCOV NBINS BINSNR "
    "RVGAL VSTEP SCMINSN SCINPSIG NSCMOD PPXFAO PPXFMO PPXFFAO PPXFFMO PPXFMOM PPXFRBOX ELMMINSN "
    "ELFMINSN NELMOD SIMINSN SIFWHM SNRGMED SNRGRING SNRRMED SNRRRING SNRIMED SNRIRING SNRZMED "
    "SNRZRING"
)
TEXTS = (
    "AUTHOR VERSPLDS VERSFLAT VERSCORE VERSPRIM VERSUTIL TELESCOP INSTRUME SRVYMODE PLATETYP "
    "OBJSYS RADESYS LAMPLIST TPLDATA DATE-OBS DATERED CARTID HARNAME METFILE CATIDNUM PLTTARG "
    "VERSPY VERSNP VERSSCI VERSAST VERSPYDL RDXQAKEY BINCOV STCKOP STCKVREG STCKCRMD STCKCRPR "
    "STCKRES STCKPRE GEXTLAW SCTYPE SCMETH PPXFTPLK PPXFMODE PPXFBIAS ELMKEY ARTDB MOMDB ELFKEY "
    "ELMREBIN EMLDB ELTYPE ELMETH ELREBIN SIKEY ABSDB BHDDB SICORR SIREBIN"
)


def complete_primary(header: fits.Header) -> None:
    """
    Add the cards that the primary header of a true file has, with 0 or "made up".

    Parameters
    ----------
    header : `~astropy.io.fits.Header`
        The header, which is changed; its own cards stay.
    """
    for keywords, value in ((NUMBERS, 0.0), (TEXTS, "made up")):
        for keyword in keywords.split():
            header.setdefault(keyword, value)


def completed(
    hdus: Iterable[fits.ImageHDU],
    lines: Sequence[str],
    bins: np.ndarray,
    bad: int,
    make: Callable[..., fits.ImageHDU],
) -> Iterator[fits.ImageHDU]:
    """
    Yield all extensions of a MAPS file, with headers as long as true ones.

    Maps that are not simulated hold noise, one value for each bin, so that a file is as large and
    compresses as well as a true one. Their masks reject all of it.

    Parameters
    ----------
    hdus : iterable of `~astropy.io.fits.ImageHDU`
        The extensions of what the fields have.
    lines : sequence of `str`
        Names of the emission lines.
    bins : `~numpy.ndarray` of `int`
        Bin of each spaxel, shape (ny, nx); negative without one.
    bad : `int`
        The bits of their masks.
    make : callable
        Makes an extension from its name and data, ``unit``, ``channels`` and other cards.

    Yields
    ------
    `~astropy.io.fits.ImageHDU`
    """
    known = {hdu.name: hdu for hdu in hdus}
    numbers, places = np.unique(bins, return_inverse=True)
    rng = np.random.default_rng(0)
    for name, unit, channels, ends in LAYOUT:
        channels = lines if channels == BY_LINE else channels
        for end in ends:
            hdu = known.get(f"{name}{end}")
            if hdu is None and name not in NEEDED:
                values = rng.normal(size=(len(channels) or 1, len(numbers)))
                # With two decimals the file compresses about as well as a true one.
                values = np.where(numbers < 0, 0, values).round(2).astype("f4")
                maps = values[:, places.reshape(bins.shape)]
                if end == "_MASK":
                    maps = np.full(maps.shape, bad)
                cards = related(name, end, ends)
                maps = maps if channels else maps[0]
                unit_of_end = {"": unit, "_IVAR": unit and f"({unit})^{{-2}}"}.get(end)
                hdu = make(f"{name}{end}", maps, unit=unit_of_end, channels=channels, **cards)
            if hdu is not None:
                _complete(hdu.header, end)
                yield hdu


def related(name: str, end: str, ends: Sequence[str] = ERRORS) -> dict[str, str]:
    """
    Return the cards that name the other extensions of a map.

    Parameters
    ----------
    name : `str`
        Name of the map.
    end : {"", "_IVAR", "_MASK"}
        End of the name of the extension.
    ends : sequence of `str`, optional
        Ends of the names of all extensions of the map.

    Returns
    -------
    `dict`
    """
    cards = {"": "SCIDATA", "_IVAR": "ERRDATA", "_MASK": "QUALDATA"}
    return {cards[one]: f"{name}{one}" for one in ends if one != end}


def _complete(header, end):
    """Add what a true header has beyond that of `~mangapa.write_maps`."""
    n_axes = header["NAXIS"]
    header.insert("CTYPE1", ("WCSAXES", n_axes))
    if n_axes == 3:
        header.update(CRPIX3=1.0, CDELT3=1.0, CRVAL3=1.0, CTYPE3="", CUNIT3="")
    header.update(LONPOLE=180.0, LATPOLE=header["CRVAL2"], RADESYS="FK5", EQUINOX=2000.0)
    header.update({"MJD-OBS": 0.0, "DATE-OBS": "made up", "AUTHOR": "made up"})
    header.update(MASKNAME="MANGA_DAPPIXMASK", HDUCLAS1="CUBE", HDUCLAS2=KINDS[end][0])
    if KINDS[end][1]:
        header["HDUCLAS3"] = KINDS[end][1]
    if header["EXTNAME"] in WITH_UNITS:
        header.update({f"U{card[1:]}": "" for card in header["C[0-9]*"]})
