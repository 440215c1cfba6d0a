import numpy as np
import pytest
from astropy.io import fits

from mangapa._utils.cards import (
    LONGEST,
    bits_of,
    clean_text,
    is_sound,
    number_of,
    sound_cards,
    text_of,
)

CARDS = {
    "NUMBER": b"2.5",
    "INTEGER": b"5",
    "MISSING": b"-999.0",
    "TRUE": b"T",
    "TEXT": b"'n/a'",
    "BLANK": b"'   '",
    "EMPTY": b"",
    "COMMA": b"1,5",
    "NAN": b"NaN",
    "HUGE": b"1E400",
    "COMPLEX": b"(1.0, 2.0)",
    "LONG": b"9" * 30,
}


@pytest.fixture
def header():
    """A header as it is read from a file."""
    cards = (b"%-8s= %-70s" % (keyword.encode(), value) for keyword, value in CARDS.items())
    return fits.Header.fromstring(b"".join(cards))


def test_numbers(header):
    numbers = {card: number_of(header, card) for card in CARDS}
    assert numbers.pop("NUMBER") == 2.5
    assert numbers.pop("INTEGER") == 5
    assert numbers.pop("LONG") == int("9" * 30)
    assert set(numbers.values()) == {None}
    assert number_of(header, "ABSENT") is None
    assert number_of(header, "NUMBER", 2.5, 2.5) == 2.5
    assert number_of(header, "NUMBER", 3) is None
    assert number_of(header, "NUMBER", 0, 2) is None


def test_numbers_of_a_dictionary():
    header = {"A": np.float32(2.5), "B": np.nan, "C": np.True_, "D": None, "E": [1]}
    assert [number_of(header, card) for card in "ABCDE"] == [2.5, None, None, None, None]


def test_bits(header):
    bits = {card: bits_of(header, card) for card in CARDS}
    assert bits.pop("INTEGER") == 5
    assert set(bits.values()) == {None}
    assert bits_of({"A": np.int64(3)}, "A") == 3
    assert bits_of({"A": -1}, "A") is None


def test_texts(header):
    assert text_of(header, "TEXT") == "n/a"
    assert [text_of(header, card) for card in ("BLANK", "EMPTY", "COMMA", "ABSENT")] == [None] * 4


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" NGC  1068 ", "NGC 1068"),
        ("a\0b\x1b[31m\nc\td", "a?b?[31m c d"),
        ("é", "é"),
        ("latin\udce9", "latin?"),
        ("<img src=x>", "<img src=x>"),
        ("  \n", None),
        (5, "5"),
        ("x" * 1000, "x" * LONGEST),
    ],
)
def test_clean_text(value, text):
    assert clean_text(value) == text


def test_sound_cards_are_kept(header):
    sound = sound_cards(header)
    assert set(header) - set(sound) == {"COMMA", "NAN", "HUGE"}
    assert sound["NUMBER"] == 2.5
    assert sound["TEXT"] == "n/a"
    assert len(header) == len(CARDS)


@pytest.mark.parametrize(
    ("card", "sound"),
    [
        ("NUMBER  =                  2.5 / comment", True),
        ("NUMBER  =               -1.E-5", True),
        ("HUGE    =               1E999", False),
        ("NAN     =                  NaN", False),
        ("TEXT    = 'it''s '             / 'quoted'", True),
        ("TEXT    = 'open", False),
        ("FLAG    =                    T", True),
        ("EMPTY   =", True),
        ("COMMENT anything = 'goes", True),
        ("HIERARCH long name = 3", True),
        ("H\x1cERARCH long name = 3", False),
        ("HIERARCH long name = 1E999", False),
    ],
)
def test_sound_bytes_of_a_card(card, sound):
    assert is_sound(f"{card:80}".encode()) is sound
