"""Read DAP MAPS files of MaNGA, MPL-4 to DR17."""

import gzip
import io
import warnings
import zlib
from pathlib import Path

import numpy as np
from astropy.io import fits, registry
from astropy.utils.exceptions import AstropyUserWarning

from mangapa.archive.releases import release_of
from mangapa.exceptions import MapsFileError
from mangapa.fields import TRACERS, Galaxy, VelocityField

__all__ = ["LAYOUT", "galaxy_from_hdus", "read_maps"]

#: Where the data model keeps each tracer: extension, emission line, channel of BINID.
LAYOUT = {
    "stellar": ("STELLAR_VEL", None, "Stellar continua"),
    "halpha": ("EMLINE_GVEL", "Ha-6564", "Em. line models"),
}
GZIP_MAGIC = b"\x1f\x8b"
FITS_MAGIC = b"SIMPLE  ="


def read_maps(path):
    """
    Read the stellar and H-alpha velocity fields from a DAP MAPS file.

    Any release from MPL-4 to DR17 and any daptype. A spaxel is masked where the DAP set any bit, as
    the published catalogue did (Duckworth et al. 2020, section 2). Compressed files are read to
    their end, so that a truncated or damaged one cannot pass.

    Parameters
    ----------
    path : path-like
        A ``manga-*-MAPS-*.fits.gz`` file, or the same uncompressed.

    Returns
    -------
    `~mangapa.Galaxy`

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    mangapa.exceptions.MapsFileError
        If the file is damaged or no MAPS file; an `OSError` that says what to do.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=19)
    >>> path = mangapa.write_maps(galaxy, "manga-9999-1901-MAPS-mock.fits.gz")
    >>> mangapa.read_maps(path)
    <Galaxy 9999-1901 DR17 VOR10-MILESHC-MASTARSSP: stellar and halpha>
    """
    path = Path(path)
    content, compressed = _content(path)
    try:
        with warnings.catch_warnings(), fits.open(io.BytesIO(content), memmap=False) as hdus:
            warnings.filterwarnings("error", ".*truncated", AstropyUserWarning)
            _refuse_other_products(path, hdus)
            return galaxy_from_hdus(hdus, path, verify=not compressed)
    except AstropyUserWarning as warning:
        msg = f"{path} is truncated; delete it and fetch it again"
        raise MapsFileError(msg) from warning
    except MapsFileError:
        raise
    except (OSError, TypeError, ValueError, IndexError, KeyError) as error:
        msg = f"{path} is damaged ({error}); delete it and fetch it again"
        raise MapsFileError(msg) from error


def _content(path):
    """The whole uncompressed file, and whether its compression vouched for its integrity."""
    if path.is_dir():
        msg = f"{path} is a folder; name a MAPS file in it"
        raise IsADirectoryError(msg)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        msg = f"there is no file {path}; check the name, or download it from the SAS first"
        raise FileNotFoundError(msg) from None
    if not raw:
        msg = f"{path} is empty; delete it and fetch it again"
        raise MapsFileError(msg)
    compressed = raw.startswith(GZIP_MAGIC)
    if compressed:
        try:
            raw = gzip.decompress(raw)
        except EOFError as error:
            msg = f"{path} is truncated; delete it and fetch it again"
            raise MapsFileError(msg) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            msg = f"{path} is corrupt ({error}); delete it and fetch it again"
            raise MapsFileError(msg) from error
    if not raw.startswith(FITS_MAGIC):
        is_page = raw[:1000].lstrip()[:1] == b"<"
        what = "a web page saved under a file's name" if is_page else "no FITS file"
        msg = f"{path} is {what}; delete it and fetch the MAPS file again"
        raise MapsFileError(msg)
    return raw, compressed


def _refuse_other_products(path, hdus):
    kind = str(hdus[0].header.get("DAPFRMT", "MAPS")).strip()
    if kind == "MAPS" and "FLUX" in hdus and "STELLAR_VEL" not in hdus:
        kind = "DRP data cube (LOGCUBE or LINCUBE)"
    if kind != "MAPS":
        msg = f"{path} is a {kind} file; name the MAPS file of the same galaxy instead"
        raise MapsFileError(msg)


def galaxy_from_hdus(hdus, path, tracers=TRACERS, verify=False):
    """Build a galaxy from open HDUs, of which only those that are needed are read."""
    header = hdus[0].header
    release = release_of(header)
    daptype = _text(header, "DAPTYPE") or _daptype_before_mpl8(header)

    def hdu(name):
        if name not in hdus:
            release_name = release.name if release else "unknown"
            msg = (
                f"{path} (release {release_name}, daptype {daptype}) has no extension {name}; "
                "it is no complete MAPS file: fetch it again"
            )
            raise MapsFileError(msg)
        if verify and hdus[name].verify_datasum() == 0:
            msg = f"{path} is corrupt (checksum of extension {name}); delete it and fetch it again"
            raise MapsFileError(msg)
        return hdus[name]

    plateifu = _text(header, "PLATEIFU")
    if release is not None and release.name == "MPL-4":
        x, y = _offsets(hdu("EMLINE_GFLUX"), header)
    else:
        x, y = hdu("SPX_SKYCOO").data

    def read(tracer):
        extension, line, binning = LAYOUT[tracer]
        velocity = hdu(extension)
        plane = ... if line is None else _channel(path, velocity, line)
        ivar = hdu(velocity.header.get("ERRDATA", f"{extension}_IVAR"))
        mask = hdu(velocity.header.get("QUALDATA", f"{extension}_MASK"))
        bins = hdu("BINID")
        bin_plane = ... if bins.data.ndim == 2 else _channel(path, bins, binning)
        return VelocityField.from_arrays(
            velocity.data[plane],
            x,
            y,
            mask=mask.data[plane],
            ivar=ivar.data[plane],
            bin_id=bins.data[bin_plane],
            tracer=tracer,
            galaxy=plateifu,
        )

    return Galaxy(
        **{tracer: read(tracer) for tracer in tracers},
        plateifu=plateifu,
        mangaid=_text(header, "MANGAID"),
        release=release.name if release else None,
        daptype=daptype,
        header=header.copy(),
    )


def _channel(path, hdu, name):
    """
    Index of the plane that the header calls ``name``.

    The cards are C1 or C01 onwards; CTYPE, CRPIX and CHECKSUM begin with C as well. The index of a
    line is not the same in all releases.
    """
    for card, value in hdu.header.items():
        if card[0] == "C" and card[1:].isdigit() and str(value).strip() == name:
            return int(card[1:]) - 1
    msg = f"{path} has no channel {name!r} in extension {hdu.name}; it is no complete MAPS file"
    raise MapsFileError(msg)


def _offsets(hdu, header):
    """Offsets from the object, East and North in arcsec, for MPL-4, which has no SPX_SKYCOO."""
    from astropy.wcs import WCS

    ny, nx = hdu.shape[-2:]
    ra, dec = WCS(hdu.header).celestial.pixel_to_world_values(*np.meshgrid(range(nx), range(ny)))
    east = (ra - header["OBJRA"] + 180) % 360 - 180
    x = east * np.cos(np.radians(header["OBJDEC"]))
    return 3600 * x, 3600 * (dec - header["OBJDEC"])


def _daptype_before_mpl8(header):
    """Up to MPL-7 some headers have only the two halves of the daptype, MPL-4 under other names."""
    if "BINTYPE" in header:
        return f"{_text(header, 'BINTYPE')}-{_text(header, 'TPLKEY')}"
    binning = _text(header, "BINKEY")
    template = _text(header, "SCKEY")
    if binning is None or template is None:
        return None
    return f"{'SPX' if binning.upper() == 'NONE' else binning}-{template}"


def _text(header, card):
    value = str(header.get(card, "")).strip()
    return value or None


def _is_maps_file(origin, filepath, fileobj, *args, **kwargs):
    """For astropy's registry: MAPS files are known by their name."""
    return filepath is not None and "-MAPS-" in Path(filepath).name


registry.register_reader("manga-maps", Galaxy, read_maps)
registry.register_identifier("manga-maps", Galaxy, _is_maps_file)
