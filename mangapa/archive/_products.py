"""Files of other surveys that are open to everyone under one address a galaxy."""

import re
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from mangapa._utils.files import as_path
from mangapa._utils.options import closest
from mangapa._utils.types import PathLike
from mangapa.archive import _transfer as transfer
from mangapa.archive._addresses import Address

#: Addresses of the file of a galaxy.
PRODUCTS = {
    "califa-stars": (
        "https://califa.caha.es/FTP-PUB/dataproducts/Stellar_Kinematics_V1200/"
        "{galaxy}.CALIFA.V1200.stekin.fits"
    ),
    "ecalifa-pipe3d": (
        "https://ifs.astroscu.unam.mx/CALIFA/V500/v2.3/pyPipe3D/{galaxy}.Pipe3D.cube.fits.gz"
    ),
}
#: Names that are safe in an address and in the name of a file.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9+_.-]*")
REMEDY = "make room, or name another folder. What has arrived is kept, and the download resumes"


def fetch(
    product: str,
    galaxy: str,
    folder: PathLike = ".",
    *,
    server: str | None = None,
    progress: bool = True,
) -> Path:
    """
    Fetch the file of a galaxy of another survey, unless it is there and sound.

    The download has the guarantees of those of MaNGA: the file appears under its name complete or
    not at all, network errors are tried again, and an interrupted download resumes.

    Parameters
    ----------
    product : {"califa-stars", "ecalifa-pipe3d"}
        Stellar kinematics of CALIFA DR3 (V1200), or the cube of Pipe3D of eCALIFA, with gas.
    galaxy : `str`
        Name of the galaxy as its survey writes it, such as "NGC6278".
    folder : path-like, optional
        Where to store it.
    server : `str`, optional
        Address of a mirror, which replaces that of the server and keeps the path.
    progress : `bool`, optional
        Show a progress bar if there is a terminal.

    Returns
    -------
    `~pathlib.Path`
        The file.

    Raises
    ------
    ValueError
        If the product is not known, or the name is none that a file can have.
    FileNotFoundError
        If the survey has no such galaxy.
    DownloadError
        If the file cannot be downloaded or stored.

    Examples
    --------
    >>> from mangapa.archive import fetch
    >>> path = fetch("califa-stars", "NGC6278", "califa")  # doctest: +SKIP
    """
    if product not in PRODUCTS:
        text = f"product={product!r} is not known{closest(str(product), PRODUCTS)}; choose one of "
        msg = text + ", ".join(map(repr, PRODUCTS))
        raise ValueError(msg)
    if not isinstance(galaxy, str) or not NAME.fullmatch(galaxy):
        msg = f"galaxy={galaxy!r} must be a name such as 'NGC6278', without blanks"
        raise ValueError(msg)
    url = PRODUCTS[product].format(galaxy=galaxy)
    if server is not None:
        url = server.rstrip("/") + urlsplit(url).path
    path = as_path("folder", folder) / PurePosixPath(urlsplit(url).path).name
    address = Address(path=path, url=url, rsync_url="", public=True, remedy=REMEDY)
    transfer.fetch(address, progress=progress)
    return path
