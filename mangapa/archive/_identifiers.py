"""What is an identifier of a galaxy, and what was probably meant by a text that is none."""

import re
from typing import Any

from mangapa.archive.releases import IFU_SIZES, MANGAID, PLATEIFU

#: A plate-IFU or MaNGA-ID that is spelled in another way: with a prefix, other separators, leading
#: zeros, or something around it.
_PREFIX = r"[\W_]*(?:manga(?:[\W_]*id)?)?[\W_]*0*"
_ODD_PLATEIFU = re.compile(
    rf"{_PREFIX}([1-9][0-9]{{3,4}})[\W_]+0*((?:{IFU_SIZES})[0-9]{{2}})[\W_]*", re.IGNORECASE
)
_ODD_MANGAID = re.compile(
    rf"{_PREFIX}([1-9][0-9]{{0,2}})[\W_]+([1-9][0-9]{{0,8}})[\W_]*", re.IGNORECASE
)


def is_plateifu(text: Any) -> bool:
    """
    Return True if the whole text is a MaNGA plate-IFU.

    Parameters
    ----------
    text : `str`
        Any text. Other types are no plate-IFUs.

    Returns
    -------
    `bool`

    Examples
    --------
    >>> from mangapa.archive import is_plateifu
    >>> is_plateifu("8485-1901"), is_plateifu("../8485-1901")
    (True, False)
    """
    return isinstance(text, str) and PLATEIFU.fullmatch(text) is not None


def is_identifier(text: Any) -> bool:
    """
    Return True if the whole text is a plate-IFU or a MaNGA-ID.

    Parameters
    ----------
    text : `str`
        Such as "8485-1901" or "1-209232". Other types are no identifiers.

    Returns
    -------
    `bool`
    """
    return is_plateifu(text) or (isinstance(text, str) and MANGAID.fullmatch(text) is not None)


def did_you_mean(source: Any) -> str:
    """Return a hint that ends a message, or nothing if ``source`` resembles no identifier."""
    if isinstance(source, bytes):
        source = source.decode("ascii", "replace")
    elif isinstance(source, (tuple, list)):
        source = "-".join(map(str, source))
    elif not isinstance(source, str):
        return ""
    for odd in (_ODD_PLATEIFU, _ODD_MANGAID):
        if match := odd.fullmatch(source):
            return f"; did you mean the identifier {'-'.join(match.groups())!r}?"
    return ""
