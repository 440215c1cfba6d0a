"""Read the MAPS files of MaNGA's data analysis pipeline (DAP), MPL-4 to DR17."""

import warnings
from pathlib import Path

import numpy as np
from astropy.io import fits, registry

from mangapa._utils.fits_files import PARSING_ERRORS, REMEDY, open_fits, read_fits
from mangapa._utils.types import PathLike
from mangapa.archive.releases import release_of
from mangapa.exceptions import MapsFileError
from mangapa.fields import TRACERS, Galaxy, VelocityField

__all__ = ["read_maps"]

#: Name of the format in `astropy.io.registry`.
MAPS_FORMAT = "manga-maps"
#: Where the data model keeps each tracer: extension, emission line, channel of BINID.
EXTENSIONS = {
    "stellar": ("STELLAR_VEL", None, "Stellar continua"),
    "halpha": ("EMLINE_GVEL", "Ha-6564", "Em. line models"),
}


def read_maps(path: PathLike) -> Galaxy:
    """
    Read the stellar and H-alpha velocity fields from a DAP MAPS file.

    The file may be of any release from MPL-4 to DR17 and any daptype. A spaxel is masked where the
    DAP set any bit, as in the published catalogue (Duckworth et al. 2020, section 2). The file is
    read to its end, so truncated and corrupt files are detected.

    Parameters
    ----------
    path : path-like
        A ``manga-*-MAPS-*.fits.gz`` file, or the same uncompressed.

    Returns
    -------
    `~mangapa.Galaxy`

    Raises
    ------
    FileNotFoundError, mangapa.exceptions.MapsFileError
        If the file does not exist, is damaged, or is not a MAPS file.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19)
    >>> path = mangapa.write_maps(galaxy, "manga-9999-1901-MAPS-mock.fits.gz")
    >>> mangapa.read_maps(path)
    <Galaxy 9999-1901 DR17 VOR10-MILESHC-MASTARSSP: stellar and halpha>
    """
    path = Path(path)
    if path.is_dir():
        msg = f"{path} is a folder; name a MAPS file in it"
        raise IsADirectoryError(msg)
    try:
        content, is_compressed, flaw = read_fits(path)
    except FileNotFoundError:
        msg = f"there is no file {path}; check the name, or download the file first"
        raise FileNotFoundError(msg) from None
    if flaw:
        msg = f"{path} {flaw}; {REMEDY}"
        raise MapsFileError(msg)
    with open_fits(path, content, error_class=MapsFileError) as hdus:
        _refuse_other_products(path, hdus)
        return galaxy_from_hdus(hdus, path, verify=not is_compressed)


def _refuse_other_products(path, hdus):
    kind = str(hdus[0].header.get("DAPFRMT", "MAPS")).strip()
    if kind == "MAPS" and "FLUX" in hdus and "STELLAR_VEL" not in hdus:
        kind = "DRP data cube (LOGCUBE or LINCUBE)"
    if kind != "MAPS":
        msg = f"{path} is a {kind} file; name the MAPS file of the same galaxy instead"
        raise MapsFileError(msg)


def galaxy_from_hdus(hdus, path, tracers=TRACERS, verify=False):
    """Build a galaxy from open HDUs; only the HDUs that it needs are read."""
    header = hdus[0].header
    release = release_of(header)
    daptype = _text(header, "DAPTYPE") or _daptype_before_mpl8(header)

    def hdu(name):
        if name not in hdus:
            release_name = release.name if release else "unknown"
            msg = (
                f"{path} (release {release_name}, daptype {daptype}) has no extension {name}; "
                "it is not a complete MAPS file: fetch it again"
            )
            raise MapsFileError(msg)
        if verify and hdus[name].verify_datasum() == 0:
            msg = f"{path} is corrupt (checksum of extension {name}); {REMEDY}"
            raise MapsFileError(msg)
        return hdus[name]

    is_mpl4 = release is not None and release.name == "MPL-4"
    sky = _offsets(hdu("EMLINE_GFLUX"), header) if is_mpl4 else hdu("SPX_SKYCOO").data

    def planes(extension, line, binning):
        velocity = hdu(extension)
        plane = ... if line is None else _channel(path, velocity, line)
        ivar = hdu(velocity.header.get("ERRDATA", f"{extension}_IVAR"))
        mask = hdu(velocity.header.get("QUALDATA", f"{extension}_MASK"))
        bins = hdu("BINID")
        bin_plane = ... if bins.data.ndim == 2 else _channel(path, bins, binning)
        return velocity.data[plane], ivar.data[plane], mask.data[plane], bins.data[bin_plane]

    identity = {"plateifu": _text(header, "PLATEIFU"), "mangaid": _text(header, "MANGAID")}
    return build_galaxy(tracers, sky, planes, header, daptype=daptype, **identity)


def build_galaxy(tracers, sky, planes, header, **identity):
    """
    Build a galaxy from the maps of each tracer, of shape (ny, nx).

    ``planes`` takes a row of `EXTENSIONS` and returns velocity, inverse variance, mask and bins;
    ``sky`` holds the offsets x and y, arcsec.
    """
    fields = {}
    for tracer in tracers:
        velocity, ivar, mask, bin_id = planes(*EXTENSIONS[tracer])
        maps = {"mask": mask, "ivar": ivar, "bin_id": bin_id, "galaxy": identity["plateifu"]}
        fields[tracer] = VelocityField.from_arrays(velocity, *sky, **maps, tracer=tracer)
    release = release_of(header)
    return Galaxy(**fields, **identity, release=release and release.name, header=header.copy())


def _channel(path, hdu, name):
    """
    Index of the plane that the header names ``name``; it differs between releases.

    The cards are C1 or C01 onwards; CTYPE, CRPIX and CHECKSUM also begin with C.
    """
    for card, value in hdu.header.items():
        if card[0] == "C" and card[1:].isdigit() and str(value).strip() == name:
            return int(card[1:]) - 1
    msg = f"{path} has no channel {name!r} in extension {hdu.name}; it is not a complete MAPS file"
    raise MapsFileError(msg)


def _offsets(hdu, header):
    """Offsets from the object, East and North in arcsec; MPL-4 has no extension SPX_SKYCOO."""
    from astropy.wcs import WCS

    ny, nx = hdu.shape[-2:]
    ra, dec = WCS(hdu.header).celestial.pixel_to_world_values(*np.meshgrid(range(nx), range(ny)))
    east = (ra - header["OBJRA"] + 180) % 360 - 180
    x = east * np.cos(np.radians(header["OBJDEC"]))
    return 3600 * x, 3600 * (dec - header["OBJDEC"])


def _daptype_before_mpl8(header):
    """The daptype from its two halves, whose cards have other names in MPL-4."""
    if "BINTYPE" in header:
        return f"{_text(header, 'BINTYPE')}-{_text(header, 'TPLKEY')}"
    binning, template = _text(header, "BINKEY"), _text(header, "SCKEY")
    if binning is None or template is None:
        return None
    return f"{'SPX' if binning.upper() == 'NONE' else binning}-{template}"


def _text(header, card):
    return str(header.get(card, "")).strip() or None


def _is_maps_file(origin, path, fileobj, *args, **kwargs):
    """Identify a MAPS file for astropy's registry: by its name, else by its content."""
    if path is None:
        return False
    if "-MAPS-" in Path(path).name:
        return True
    try:
        with warnings.catch_warnings(), fits.open(path) as hdus:
            warnings.simplefilter("ignore")
            kind = hdus[0].header.get("DAPFRMT")
            if kind is None:
                return all(extension in hdus for extension, *_ in EXTENSIONS.values())
            return str(kind).strip() == "MAPS"
    except PARSING_ERRORS:
        return False


registry.register_reader(MAPS_FORMAT, Galaxy, read_maps)
registry.register_identifier(MAPS_FORMAT, Galaxy, _is_maps_file)
