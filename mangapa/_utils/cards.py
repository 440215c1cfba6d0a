"""Values of header cards, which are data of any kind: what cannot be used is missing."""

import math
import re
import warnings
from copy import copy
from numbers import Integral, Real

from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning

#: Most characters of a name; no name of a galaxy, and hardly one of a file, is as long.
LONGEST = 100
#: What a keyword is made of.
KEYWORD = re.compile(rb"[A-Za-z0-9_-]* *")
#: Numbers of coordinates, without which these would be others.
COORDINATES = re.compile(rb"(CRVAL|CRPIX|CDELT|CROTA)\d  |(CD|PC)\d_\d   ")
#: Comments, and cards whose value surely is text, a truth value or a finite number. They need not
#: be parsed, which would take longer than to unpack a file.
SURELY_SOUND = re.compile(
    rb"(COMMENT|HISTORY| {8}).*"
    rb"|[A-Z0-9_-]{1,8} *= *('(?:[^']|'')*'|[TF]|[+-]?\d{1,15}(\.\d{0,20})?(E[+-]?\d\d?)?) *(/.*)?"
)


def clean_text(value):
    """One line of printable text with single blanks, or None if nothing is left of it."""
    characters = (c if c.isprintable() or c.isspace() else "?" for c in str(value))
    return " ".join("".join(characters).split())[:LONGEST] or None


def text_of(header, card):
    """The value of a card as clean text; None if the card is missing or cannot be parsed."""
    value = _value(header, card)
    return None if value is None else clean_text(value)


def number_of(header, card, smallest=-math.inf, largest=math.inf):
    """The number of a card; None if it is missing, not a number, not finite or out of range."""
    value = _value(header, card)
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    # Comparisons with NaN are False. The DAP writes -999 for a missing value.
    is_sound = -math.inf < value < math.inf and smallest <= value <= largest and value > -999
    return value if is_sound else None


def bits_of(header, card):
    """The bits of a card as an integer; None if it has none."""
    value = number_of(header, card, 0, 2**63 - 1)
    return int(value) if isinstance(value, Integral) else None


def sound_cards(header):
    """Return a copy of a header without the cards that cannot be parsed or are not finite."""
    return fits.Header([copy(card) for card in header.cards if _has_sound_value(card)])


def is_sound(card):
    """Whether the bytes of a card can be parsed, and its value is finite if it is a number."""
    if SURELY_SOUND.fullmatch(card):
        return True
    if not KEYWORD.fullmatch(card[:8]):
        return False
    try:
        with warnings.catch_warnings():
            # Astropy warns of those that it reads as a comment.
            warnings.simplefilter("ignore", AstropyUserWarning)
            return _has_sound_value(fits.Card.fromstring(card))
    except UnicodeDecodeError:
        return False


def _has_sound_value(card):
    """The one rule for cards of headers and bytes of cards."""
    try:
        value = card.value
    except fits.VerifyError:
        return False
    return not isinstance(value, float) or math.isfinite(value)


def sound_or_marked(card):
    """The bytes of a card, or of one that tells that its number is not known; empty without it."""
    if is_sound(card):
        return card
    return card[:8] + b"= 'unreadable'".ljust(72) if COORDINATES.match(card[:8]) else b""


def _value(header, card):
    try:
        value = header.get(card)
    except fits.VerifyError:
        return None
    return None if isinstance(value, fits.card.Undefined) else value
