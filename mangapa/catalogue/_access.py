"""Published catalogues from the services of the Virtual Observatory."""

import warnings

from astropy.table import QTable, join
from astropy.utils.exceptions import AstropyWarning

from mangapa._utils.imports import import_extra
from mangapa._utils.options import closest
from mangapa.catalogue._published import published_table
from mangapa.exceptions import DownloadError

#: For a catalogue the address of its TAP service, the columns that name a row, and its tables with
#: the columns of each.
SERVICES = {
    "sami-dr3": (
        "https://datacentral.org.au/vo/tap",
        ("CUBEIDPUB", "CATID"),
        {
            "sami_dr3.samiDR3Stelkin": ("PA_STELKIN", "PA_STELKIN_ERR"),
            "sami_dr3.samiDR3gaskinPA": ("PA_GASKIN", "PA_GASKIN_ERR"),
        },
    ),
}
#: More rows than a catalogue has: services cut long answers unless told otherwise.
MOST_ROWS = 1_000_000


def fetch_published(name: str = "sami-dr3", *, server: str | None = None) -> QTable:
    """
    Fetch a published catalogue of position angles from the service of its survey.

    Parameters
    ----------
    name : {"sami-dr3"}, optional
        SAMI DR3: angles of the stars and of the gas for each observation, from Data Central. No
        account is needed.
    server : `str`, optional
        Address of another service (TAP) with the same tables.

    Returns
    -------
    `~astropy.table.QTable`
        As `read_published` makes it, with the stars and the gas in one table.

    Raises
    ------
    ImportError
        If pyvo is not installed; it is in the extra ``vo``.
    ValueError
        If the catalogue is not known.
    DownloadError
        If the service does not answer after three tries, or answers with anything else than the
        whole table.

    Examples
    --------
    >>> from mangapa.catalogue import fetch_published
    >>> published = fetch_published("sami-dr3")  # doctest: +SKIP
    """
    if name not in SERVICES:
        text = f"name={name!r} is not known{closest(str(name), SERVICES)}; choose one of "
        msg = text + ", ".join(map(repr, SERVICES))
        raise ValueError(msg)
    address, keys, tables = SERVICES[name]
    address = (server or address).rstrip("/")
    import_extra("pyvo", "vo", f"the catalogue {name}")
    found = None
    for table, columns in tables.items():
        one = _query(address, f"SELECT {', '.join((*keys, *columns))} FROM {table}")
        # Services differ in the case of names.
        one.rename_columns(one.colnames, [column.lower() for column in one.colnames])
        found = one if found is None else join(found, one, [*map(str.lower, keys)], "outer")
    return published_table(found, address)


def _query(address, query):
    """The whole answer to a query, or a `DownloadError`."""
    import pyvo
    import requests

    from mangapa.archive._timed import anonymous_session

    try:
        with anonymous_session() as session, warnings.catch_warnings():
            # Of metadata that are not needed here; but a table that is cut off is an error.
            warnings.simplefilter("ignore", AstropyWarning)
            warnings.simplefilter("error", pyvo.dal.exceptions.DALOverflowWarning)
            service = pyvo.dal.TAPService(address, session=session)
            return service.run_sync(query, maxrec=MOST_ROWS).to_table()
    except (pyvo.DALAccessError, requests.RequestException, OSError, Warning) as error:
        msg = (
            f"{address} did not answer '{query}' with a whole table ({error}); check the "
            "connection and try again later, or download the table with a browser and read it "
            "with read_published"
        )
        raise DownloadError(msg) from error
