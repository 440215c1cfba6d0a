"""Write a galaxy as a MAPS file, in the layout of any release."""

import gzip
import io
from functools import partial
from pathlib import Path

import numpy as np
from astropy.io import fits

from mangapa._utils.cards import number_of, sound_cards
from mangapa._utils.files import as_path, replacing
from mangapa._utils.types import PathLike
from mangapa.archive.releases import MPL4_DRPVER, PLATEIFU, release_named
from mangapa.fields import TRACERS, Galaxy
from mangapa.formats._manga_layout import (
    ERRORS,
    FLUX,
    LINE_FLUX,
    complete_primary,
    completed,
    related,
)

__all__ = ["write_maps"]

LINES_11 = (
    "OIId-3728 Hb-4862 OIII-4960 OIII-5008 OI-6302 OI-6365 NII-6549 Ha-6564 NII-6585 SII-6718 "
    "SII-6732"
)
LINES_22 = (
    "OII-3727 OII-3729 Hthe-3798 Heta-3836 NeIII-3869 Hzet-3890 NeIII-3968 Heps-3971 Hdel-4102 "
    "Hgam-4341 HeII-4687 Hb-4862 OIII-4960 OIII-5008 HeI-5877 OI-6302 OI-6365 NII-6549 Ha-6564 "
    "NII-6585 SII-6718 SII-6732"
)
#: Emission lines in the order of the channels, since each version of the DAP.
LINES = {
    "1.1.1": LINES_11,
    "2.0.2": f"{LINES_11} OII-3727 OII-3729 Heps-3971 Hdel-4102 Hgam-4341 HeII-4687 HeI-5877 "
    "SIII-8831 SIII-9071 SIII-9533",
    "2.1.3": LINES_22,
    "2.3.0": f"{LINES_22} HeI-3889 NI-5199 NI-5201",
    "2.4.1": "OII-3727 OII-3729 H12-3751 H11-3771 Hthe-3798 Heta-3836 NeIII-3869 HeI-3889 "
    "Hzet-3890 NeIII-3968 Heps-3971 Hdel-4102 Hgam-4341 HeII-4687 Hb-4862 OIII-4960 OIII-5008 "
    "NI-5199 NI-5201 HeI-5877 OI-6302 OI-6365 NII-6549 Ha-6564 NII-6585 SII-6718 SII-6732 HeI-7067 "
    "ArIII-7137 ArIII-7753 Peta-9017 SIII-9071 Pzet-9231 SIII-9533 Peps-9548",
}
BIN_CHANNELS = "Binned spectra,Stellar continua,Em. line moments,Em. line models,Spectral indices"
#: MANGA_DAPPIXMASK of a spaxel outside the field of view: NOCOV, LOWCOV, NOVALUE, DONOTUSE.
OUTSIDE = 1 << 0 | 1 << 1 | 1 << 4 | 1 << 30
#: MANGA_DAPPIXMASK of a bad spaxel inside it: DONOTUSE.
BAD = 1 << 30
#: First versions with a daptype in the header, with four elliptical coordinates instead of three,
#: with five channels in BINID instead of one, and with coordinates and versions of the DAP.
DAPTYPE_CARD, FOUR_ELLIPTICAL, FIVE_BINID, COORDINATES = "2.3.0", "2.4.1", "2.1.3", "2.0.2"
#: First version with two corrections of the dispersions of the stars, and their names.
TWO_CORRECTIONS, CORRECTIONS = "2.3.0", ("resolution difference", "fit")
#: Stands for an instrument that has no part in the dispersions, km/s: 0 is an unknown one.
NO_INSTRUMENT = 1e-3
#: How much of a file is written.
LAYOUTS = ("short", "full")
#: Names in MPL-4 of the bintypes of later releases.
MPL4_BINTYPES = {"SPX": "NONE", "VOR10": "STON"}


def write_maps(
    galaxy: Galaxy, path: PathLike, release: str = "DR17", *, layout: str = "short"
) -> Path:
    """
    Write the velocity fields of a galaxy as a DAP MAPS file that Marvin can open.

    Velocity dispersions and light are written as well where the fields have them. Fields do not
    have errors of the light; its inverse variances are 1.

    Parameters
    ----------
    galaxy : `~mangapa.Galaxy`
        With both fields, such as `~mangapa.simulate_galaxy` returns.
    path : path-like
        File to write; compressed if the name ends in ``.gz``. An existing file is replaced. A
        leading ``~`` is expanded.
    release : `str`, optional
        Any release since MPL-4, whose names, channels and cards the file has.
    layout : {"short", "full"}, optional
        Only the extensions of what the fields have, or, for benchmarks and the like, also all
        others of DR15, with headers as long as true ones. Those hold noise that their masks
        reject, and take some five times as long to write.

    Returns
    -------
    `~pathlib.Path`
        The path that was written.

    Raises
    ------
    TypeError, ValueError
        If the release or the layout is not known, or the release has no such binning; or if the
        galaxy has no plate-IFU, lacks a field, or has fields of different shapes.
    OSError
        If the file cannot be written; an existing file is kept.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19)
    >>> path = mangapa.write_maps(galaxy, "mock-MAPS.fits.gz", release="MPL-5")
    >>> mangapa.read_maps(path).daptype
    'VOR10-GAU-MILESHC'
    """
    path = as_path("path", path)
    version = release_named(release)
    _check(galaxy)
    if layout not in LAYOUTS:
        msg = f"layout={layout!r} is not known; choose one of {', '.join(LAYOUTS)}"
        raise ValueError(msg)
    header = _primary_header(galaxy, version, _daptype(galaxy, version))
    make = partial(_extension, galaxy)
    extensions = _extensions(galaxy, version, make)
    if layout == "full":
        complete_primary(header)
        bins = _bin_id(galaxy.stellar)
        extensions = completed(extensions, lines=_lines(version), bins=bins, bad=BAD, make=make)
    hdus = fits.HDUList([fits.PrimaryHDU(header=header), *extensions])
    hdus.update_extend()
    content = io.BytesIO()
    hdus.writeto(content, checksum=True)
    with replacing(path) as unfinished:
        data = content.getvalue()
        unfinished.write_bytes(gzip.compress(data, 6) if path.suffix == ".gz" else data)
    return path


def _check(galaxy):
    """Raise an error unless a MAPS file can hold the galaxy."""
    if not isinstance(galaxy, Galaxy):
        msg = f"galaxy must be a Galaxy, not {type(galaxy).__name__}; read or simulate one"
        raise TypeError(msg)
    if PLATEIFU.fullmatch(galaxy.plateifu or "") is None:
        msg = (
            f"{galaxy!r} has plateifu={galaxy.plateifu!r}; a MAPS file needs one such as "
            "8485-1901: dataclasses.replace(galaxy, plateifu=...)"
        )
        raise ValueError(msg)
    for tracer in TRACERS:
        if galaxy.tracer(tracer) is None:
            msg = f"{galaxy!r} has no {tracer} field; a MAPS file needs both fields"
            raise ValueError(msg)
    stellar, halpha = galaxy.stellar.velocity.shape, galaxy.halpha.velocity.shape
    if stellar != halpha or min(stellar) < 2:
        msg = f"the fields have shapes {stellar} and {halpha}; a MAPS file needs two equal maps"
        raise ValueError(msg)


def _daptype(galaxy, version):
    """The galaxy's own analysis if the release has it, else the one with the same bins."""
    if galaxy.daptype in version.daptypes:
        return galaxy.daptype
    bintype = galaxy.daptype.split("-")[0] if galaxy.daptype else "SPX"
    if version.name == "MPL-4":
        bintype = MPL4_BINTYPES.get(bintype, bintype)
    if bintype not in version.bintypes:
        msg = (
            f"release {version.name} has no {bintype} maps, only {', '.join(version.bintypes)}; "
            "simulate the galaxy with one of these bintypes"
        )
        raise ValueError(msg)
    return f"{bintype}-{version.template}"


def _since(version, first):
    return tuple(map(int, version.dapver.split("."))) >= tuple(map(int, first.split(".")))


def _primary_header(galaxy, version, daptype):
    try:
        header = sound_cards(fits.Header(galaxy.header, copy=True))
    except (TypeError, ValueError) as error:
        msg = f"galaxy.header of {galaxy!r} has a card that no FITS file can hold ({error})"
        raise ValueError(msg) from error
    plate, ifu = galaxy.plateifu.split("-")
    bintype, template = daptype.split("-", 1)
    header["MASKNAME"] = "MANGA_DAPPIXMASK"
    header["PLATEIFU"], header["PLATEID"], header["IFUDSGN"] = galaxy.plateifu, int(plate), ifu
    header["OBJRA"], header["OBJDEC"] = _position(galaxy)
    header["MNGTARG1"], header["MNGTARG2"], header["MNGTARG3"] = 1024, 0, 0
    header["DAPFRMT"] = "MAPS"
    if not _since(version, COORDINATES):
        header["VERSDRP2"] = header["VERSDRP3"] = MPL4_DRPVER
        header["BINTYPE"], header["TPLKEY"] = bintype, template
        for card in ("VERSDAP", "BINKEY", "SCKEY", "DAPTYPE"):
            header.pop(card, None)
        return header
    header["VERSDRP2"] = header["VERSDRP3"] = version.drpver
    header["VERSDAP"] = version.dapver
    header["BINKEY"] = "NONE" if bintype == "SPX" else bintype
    header["SCKEY"] = template
    header["DAPTYPE"] = daptype
    if not _since(version, DAPTYPE_CARD):
        del header["DAPTYPE"]
    return header


def _position(galaxy):
    """Right ascension and declination, deg; a place in the survey's footprint if unknown."""
    right_ascension = number_of(galaxy.header, "OBJRA", 0, 360)
    declination = number_of(galaxy.header, "OBJDEC", -90, 90)
    is_known = right_ascension is not None and declination is not None
    return (right_ascension, declination) if is_known else (180.0, 30.0)


def _lines(version):
    """Emission lines in the order of the channels."""
    return [LINES[first] for first in LINES if _since(version, first)][-1].split()


def _extension(galaxy, name, data, *, unit=None, channels=(), **cards):
    """Make an extension with coordinates and with names of the channels."""
    header = fits.Header()
    x = galaxy.stellar.x.value
    spaxel = abs(x[0, 1] - x[0, 0]) / 3600
    ny, nx = x.shape
    header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    header["CUNIT1"] = header["CUNIT2"] = "deg"
    header["CRVAL1"], header["CRVAL2"] = _position(galaxy)
    header["CRPIX1"], header["CRPIX2"] = nx / 2 + 1, ny / 2 + 1
    header["PC1_1"], header["PC2_2"] = -spaxel, spaxel
    header["CDELT1"] = header["CDELT2"] = 1.0
    header["HDUCLASS"] = "SDSS"
    header.update(cards)
    if unit:
        header["BUNIT"] = unit
    digits = len(str(len(channels)))
    for i, channel in enumerate(channels, start=1):
        header[f"C{i:0{digits}d}"] = (channel, f"Data in channel {i}")
    data = np.asarray(data)
    # Astropy writes an array in another order value by value.
    data = data.astype("i4" if data.dtype.kind in "iu" else "f4", order="C")
    return fits.ImageHDU(data, header, name)


def _extensions(galaxy, version, hdu):
    """Yield the extensions of what the fields have; ``hdu`` makes one."""
    stellar, halpha = galaxy.stellar, galaxy.halpha
    lines = _lines(version)
    outside = ~(np.isfinite(stellar.velocity.value) | np.isfinite(halpha.velocity.value))

    def with_errors(name, field, values, ivar, unit, channels=()):
        """Yield an extension, its inverse variance and its mask."""
        bad = field.mask | ~np.isfinite(values)
        bits = np.where(bad, np.where(outside, OUTSIDE, BAD), 0)
        ivar = np.ones(values.shape) if ivar is None else ivar.value
        planes = [np.where(outside, 0, np.nan_to_num(values)), np.where(bad, 0, ivar), bits]
        if channels:
            planes = [np.broadcast_to(plane, (len(channels), *plane.shape)) for plane in planes]
        units = (unit, f"({unit})^{{-2}}", None)
        for end, data, unit in zip(ERRORS, planes, units, strict=True):
            cards = related(name, end)
            yield hdu(f"{name}{end}", data, unit=unit, channels=channels, **cards)

    stars, gas = _bin_id(stellar), _bin_id(halpha)
    if _since(version, COORDINATES):
        sky = [stellar.x.value, stellar.y.value]
        yield hdu("SPX_SKYCOO", sky, unit="arcsec", channels=("On-sky X", "On-sky Y"))
        elliptical = _elliptical(galaxy, four=_since(version, FOUR_ELLIPTICAL))
        yield hdu("SPX_ELLCOO", [*elliptical.values()], channels=[*elliptical])
        if stellar.flux is not None:
            yield from _mean_flux(stellar.flux.value, hdu)
    if _since(version, FIVE_BINID):
        yield hdu("BINID", [stars, stars, gas, gas, gas], channels=BIN_CHANNELS.split(","))
    else:
        yield hdu("BINID", stars)
    yield from with_errors("STELLAR_VEL", stellar, stellar.velocity.value, stellar.ivar, "km/s")
    if stellar.dispersion is not None:
        sigma = stellar.dispersion.value, stellar.dispersion_ivar
        yield from with_errors("STELLAR_SIGMA", stellar, *sigma, "km/s")
        part = _instrumental(stellar)
        if _since(version, TWO_CORRECTIONS):
            yield hdu("STELLAR_SIGMACORR", [part, part], unit="km/s", channels=CORRECTIONS)
        elif _since(version, COORDINATES):
            yield hdu("STELLAR_SIGMACORR", part, unit="km/s")
    flux = np.where(halpha.good, 1.0, 0.0) if halpha.flux is None else halpha.flux.value
    yield from with_errors("EMLINE_GFLUX", halpha, flux, None, LINE_FLUX, lines)
    yield from with_errors("EMLINE_GVEL", halpha, halpha.velocity.value, halpha.ivar, "km/s", lines)
    if halpha.dispersion is not None:
        sigma = halpha.dispersion.value, halpha.dispersion_ivar
        yield from with_errors("EMLINE_GSIGMA", halpha, *sigma, "km/s", lines)
        parts = [_instrumental(halpha)] * len(lines)
        yield hdu("EMLINE_INSTSIGMA", parts, unit="km/s", channels=lines)


def _mean_flux(flux, hdu):
    """Yield the mean flux of the spaxels and its inverse variance; 0 without one."""
    ends = ERRORS[:2]
    ivar = np.isfinite(flux).astype(float)
    for end, data, unit in zip(
        ends, (np.nan_to_num(flux), ivar), (FLUX, f"({FLUX})^{{-2}}"), strict=True
    ):
        yield hdu(f"SPX_MFLUX{end}", data, unit=unit, **related("SPX_MFLUX", end, ends))


def _instrumental(field):
    """Map of the instrument's part of the dispersions, 0 where it is unknown."""
    if field.instrumental_dispersion is None:
        return np.full(field.velocity.shape, NO_INSTRUMENT)
    return np.nan_to_num(field.instrumental_dispersion.value)


def _bin_id(field):
    if field.bin_id is not None:
        return field.bin_id
    return np.where(field.good, np.cumsum(field.good).reshape(field.good.shape) - 1, -1)


def _elliptical(galaxy, *, four):
    """Names and values of elliptical coordinates about the photometric major axis."""
    x, y = galaxy.stellar.x.value, galaxy.stellar.y.value
    angle = np.radians(np.nan_to_num(galaxy.photometric_pa.value))
    major = x * np.sin(angle) + y * np.cos(angle)
    minor = (x * np.cos(angle) - y * np.sin(angle)) / (1 - np.nan_to_num(galaxy.ellipticity))
    radius = np.hypot(major, minor)
    azimuth = np.degrees(np.arctan2(minor, major)) % 360
    in_reff = radius / np.nan_to_num(galaxy.effective_radius.value, nan=1.0)
    # The third of four is in kpc / h, which a mock galaxy without a distance does not have.
    in_kpc = {"R h/kpc": 0 * radius} if four else {}
    return {"Elliptical radius": radius, "R/Re": in_reff, **in_kpc, "Elliptical azimuth": azimuth}
