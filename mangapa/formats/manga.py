"""Read the MAPS files of MaNGA's data analysis pipeline (DAP), MPL-4 to DR17."""

import re

import numpy as np
from astropy.io import fits

from mangapa._utils.cards import clean_text, number_of, text_of
from mangapa._utils.files import as_path, printable, stem
from mangapa._utils.fits_files import ScannedHDU, parsing
from mangapa._utils.types import PathLike
from mangapa.archive.releases import PLATEIFU, release_of
from mangapa.exceptions import MapsFileError
from mangapa.fields import TRACERS, Galaxy, VelocityField
from mangapa.formats._files import checked_content
from mangapa.formats._format import Format, register_format

__all__ = ["read_maps"]

#: Name of the format in `astropy.io.registry`.
MAPS_FORMAT = "manga-maps"
#: Names of MAPS files, compressed by any program. Names of other files that belong to one, such as
#: checksums and unfinished downloads, go on after that.
MAPS_NAMES = re.compile(
    r"(?P<observation>(?!\.).*-MAPS-.*\.fits(\.(gz|bz2|xz|zip|zst|fz|Z))?)", re.IGNORECASE
)
#: Where the data model keeps each tracer: extension, emission line, channel of BINID.
EXTENSIONS = {
    "stellar": ("STELLAR_VEL", None, "Stellar continua"),
    "halpha": ("EMLINE_GVEL", "Ha-6564", "Em. line models"),
}
VELOCITIES = {extension for extension, *_ in EXTENSIONS.values()}
#: And, where there are any, the dispersions, the instrument's part of them, and the light. Of the
#: planes of STELLAR_SIGMACORR the first is recommended (corrections in the documentation of the
#: DAP).
LIGHT_EXTENSIONS = {
    "stellar": ("STELLAR_SIGMA", "STELLAR_SIGMACORR", "SPX_MFLUX"),
    "halpha": ("EMLINE_GSIGMA", "EMLINE_INSTSIGMA", "EMLINE_GFLUX"),
}
#: The HDUs that are read, if the headers name no other errors and masks.
WANTED = {"PRIMARY", "SPX_SKYCOO", "BINID"} | {
    f"{extension}{suffix}"
    for extension in (*VELOCITIES, *LIGHT_EXTENSIONS["stellar"], *LIGHT_EXTENSIONS["halpha"])
    for suffix in ("", "_IVAR", "_MASK")
}


def read_maps(path: PathLike) -> Galaxy:
    """
    Read the stellar and H-alpha velocity fields from a DAP MAPS file.

    The file may be of any release from MPL-4 to DR17 and any daptype. A spaxel is masked where the
    DAP set any bit, as in the published catalogue (Duckworth et al. 2020, section 2). The file is
    read to its end, so truncated and corrupt files are detected.

    The velocity dispersions and the light come with the fields. The instrument's part of the
    dispersions of the stars is the first plane of STELLAR_SIGMACORR, as the DAP recommends; it is
    unknown in files of MPL-4 and MPL-6, which have none or zeros.

    Parameters
    ----------
    path : path-like
        A ``manga-*-MAPS-*.fits.gz`` file, or the same uncompressed, or compressed by bzip2, xz or
        zip. A leading ``~`` is expanded.

    Returns
    -------
    `~mangapa.Galaxy`

    Raises
    ------
    FileNotFoundError, IsADirectoryError, PermissionError
        If the file does not exist, is a folder, or may not be read.
    mangapa.exceptions.MapsFileError
        If the file is damaged, too large, or not a MAPS file.
    TypeError, ValueError
        If ``path`` is not a path.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19)
    >>> path = mangapa.write_maps(galaxy, "manga-9999-1901-MAPS-mock.fits.gz")
    >>> mangapa.read_maps(path)
    <Galaxy 9999-1901 DR17 VOR10-MILESHC-MASTARSSP: stellar and halpha>
    """
    return read_tracers(as_path("path", path), TRACERS)


def read_tracers(path, tracers):
    """Read some fields of a MAPS file, as `read_maps` reads all; the others may be missing."""
    read = _read(path, WANTED)
    velocities = [hdu for hdu in read.hdus if hdu.name in VELOCITIES]
    related = {hdu.text(card).upper() for hdu in velocities for card in ("ERRDATA", "QUALDATA")}
    if not related <= WANTED | {""}:
        # The headers of the velocities name other extensions than those of the data model.
        read = _read(path, WANTED | related)
    with parsing(path, error_class=MapsFileError):
        _refuse_other_products(path, read.hdus[0].header, {hdu.name for hdu in read.hdus})
        return galaxy_from_hdus(read.hdus, path, tracers)


def _read(path, wanted):
    """Read the wanted HDUs of a file, or raise the error that says what to do."""
    return checked_content(
        path,
        lambda hdu: hdu.name in wanted,
        error_class=MapsFileError,
        what="a MAPS file",
    )


def _refuse_other_products(path, header, names):
    kind = text_of(header, "DAPFRMT") or "MAPS"
    if kind == "MAPS" and "FLUX" in names and "STELLAR_VEL" not in names:
        kind = "DRP data cube (LOGCUBE or LINCUBE)"
    if kind != "MAPS":
        msg = f"{printable(path)} is a {kind} file; name the MAPS file of the same galaxy instead"
        raise MapsFileError(msg)


def galaxy_from_hdus(hdus, path, tracers):
    """Build a galaxy from HDUs, scanned or open; only those that it needs are read."""
    header = hdus[0].header
    release = release_of(header)
    daptype = text_of(header, "DAPTYPE") or _daptype_before_mpl8(header)
    named = {}
    for one in hdus:
        named.setdefault(one.name, one)

    def hdu(name):
        found = named.get(name.upper())
        if isinstance(found, (ScannedHDU, fits.ImageHDU)) and found.data is not None:
            return found
        flaw = "no extension" if found is None else "no image in extension"
        release_name = release.name if release else "unknown"
        msg = (
            f"{printable(path)} (release {release_name}, daptype {daptype}) has {flaw} {name}; "
            "it is not a complete MAPS file: fetch it again"
        )
        raise MapsFileError(msg)

    is_mpl4 = release is not None and release.name == "MPL-4"
    sky = _offsets(path, hdu("EMLINE_GFLUX"), header) if is_mpl4 else hdu("SPX_SKYCOO").data

    def planes(tracer):
        extension, line, binning = EXTENSIONS[tracer]
        velocity = hdu(extension)
        plane = ... if line is None else _channel(path, velocity, line)
        ivar = hdu(_text(velocity, "ERRDATA") or f"{extension}_IVAR")
        mask = hdu(_text(velocity, "QUALDATA") or f"{extension}_MASK")
        bins = hdu("BINID")
        bin_plane = ... if bins.data.ndim == 2 else _channel(path, bins, binning)
        maps = {
            "velocity": velocity.data[plane],
            "ivar": ivar.data[plane],
            "mask": mask.data[plane],
            "bin_id": bins.data[bin_plane],
        }
        return maps | _light(tracer, named, path)

    name, plateifu = text_of(header, "PLATEIFU") or clean_text(stem(path)), None
    # Other names are not identifiers of MaNGA, which lead to files and addresses.
    if PLATEIFU.fullmatch(name or ""):
        plateifu = name
    identity = {"name": name, "plateifu": plateifu, "mangaid": text_of(header, "MANGAID")}
    return build_galaxy(tracers, sky, planes, header, daptype=daptype, **identity)


def build_galaxy(tracers, sky, planes, header, **identity):
    """
    Build a galaxy from the maps of each tracer, of shape (ny, nx).

    ``planes`` takes a tracer and returns its arguments of ``VelocityField.from_arrays``; ``sky``
    holds the offsets x and y, arcsec.
    """
    x, y = sky
    name = identity.get("name")
    fields = {
        tracer: VelocityField.from_arrays(x=x, y=y, **planes(tracer), tracer=tracer, galaxy=name)
        for tracer in tracers
    }
    release = release_of(header)
    return Galaxy(
        **fields,
        **identity,
        release=release and release.name,
        header=header,
        centre=_position(header),
    )


def _light(tracer, named, path):
    """Dispersions and light of a tracer, of the HDUs by name, as far as the file has them."""

    def plane(name):
        hdu = named.get(name)
        if hdu is None or hdu.data is None:
            return None
        if tracer == "halpha":
            return hdu.data[_channel(path, hdu, EXTENSIONS[tracer][1])]
        return hdu.data if hdu.data.ndim == 2 else hdu.data[0]

    def with_errors(name):
        return tuple(plane(f"{name}{end}") for end in ("", "_IVAR", "_MASK"))

    dispersion, instrument, flux = LIGHT_EXTENSIONS[tracer]
    return light_maps(with_errors(dispersion), with_errors(flux), plane(instrument))


def light_maps(dispersion, flux, instrument):
    """
    Arguments of ``VelocityField.from_arrays`` for the dispersions and the light of a tracer.

    The first two are triples of values, inverse variance and mask, and ``instrument`` an array; any
    of these may be `None`.
    """

    def known(values, ivar, mask):
        if values is not None:
            bad = np.zeros(values.shape, bool) if mask is None else mask != 0
            bad |= False if ivar is None else ~(ivar > 0)
            values = np.where(bad, np.nan, values)
        return values, ivar

    maps = {"flux": known(*flux)[0]}
    width, ivar = known(*dispersion)
    if width is not None:
        # Where the instrument's part is missing, or zero instead, it is not known how large it is.
        part = np.zeros(width.shape) if instrument is None else instrument
        maps |= {"dispersion": width, "dispersion_ivar": ivar, "instrumental_dispersion": part}
    return maps


def _position(header):
    """Where the offsets are counted from, deg; `None` if the header does not state it."""
    centre = _ra_dec(header)
    return None if None in centre else centre


def _ra_dec(header):
    """Right ascension and declination of the object, deg; `None` where the header lacks one."""
    return number_of(header, "OBJRA", 0, 360), number_of(header, "OBJDEC", -90, 90)


def _channel(path, hdu, name):
    """
    Index of the plane that the header names ``name``; it differs between releases.

    The cards are C1 or C01 onwards.
    """
    for i in range(hdu.shape[0]):
        if name in (_text(hdu, f"C{i + 1}"), _text(hdu, f"C{i + 1:02d}")):
            return i
    msg = (
        f"{printable(path)} has no channel {name!r} in extension {hdu.name}; it is not a complete "
        "MAPS file: fetch it again"
    )
    raise MapsFileError(msg)


def _text(hdu, card):
    """Text of a card, which is not worth the time to parse the whole header."""
    return hdu.text(card) if isinstance(hdu, ScannedHDU) else text_of(hdu.header, card)


def _offsets(path, hdu, header):
    """Offsets from the object, East and North in arcsec; MPL-4 has no extension SPX_SKYCOO."""
    from astropy.wcs import WCS

    centre = _ra_dec(header)
    if None in centre:
        msg = f"{printable(path)} has no position (cards OBJRA and OBJDEC); fetch it again"
        raise MapsFileError(msg)
    ny, nx = hdu.shape[-2:]
    ra, dec = WCS(hdu.header).celestial.pixel_to_world_values(*np.meshgrid(range(nx), range(ny)))
    east = (ra - centre[0] + 180) % 360 - 180
    return 3600 * east * np.cos(np.radians(centre[1])), 3600 * (dec - centre[1])


def _daptype_before_mpl8(header):
    """The daptype from its two halves, whose cards have other names in MPL-4."""
    binning, template = text_of(header, "BINTYPE"), text_of(header, "TPLKEY")
    if binning is None:
        binning, template = text_of(header, "BINKEY"), text_of(header, "SCKEY")
        binning = "SPX" if binning and binning.upper() == "NONE" else binning
    return f"{binning}-{template}" if binning and template else None


def _is_maps_file(found):
    kinds = {kind for hdu in found.hdus if (kind := hdu.text("DAPFRMT"))}
    return kinds == {"MAPS"} if kinds else found.names >= VELOCITIES


register_format(
    Format(
        name=MAPS_FORMAT,
        survey="MaNGA",
        title="MAPS of the data analysis pipeline, MPL-4 to DR17",
        files="manga-8485-1901-MAPS-HYB10-MILESHC-MASTARSSP.fits.gz",
        names=MAPS_NAMES,
        names_suffice=True,
        recognise=_is_maps_file,
        read=read_maps,
        offset_sign=1,
        missing="bits of the mask",
        frame="relative to SCINPVEL of the header",
        error="1 sigma, from the inverse variance",
        dispersion="stars and gas, with the instrument's part, as in STELLAR_SIGMACORR and "
        "EMLINE_INSTSIGMA (documentation of the DAP)",
    )
)
