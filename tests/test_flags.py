import pytest

from mangapa import exceptions
from mangapa.flags import PAFlags, PhotometryFlags, Rejection, UsabilityFlags


@pytest.mark.parametrize("kind", [PAFlags, PhotometryFlags, UsabilityFlags, Rejection])
def test_each_flag_has_its_own_description(kind):
    descriptions = kind.descriptions()
    assert all(bit > 0 and bit & (bit - 1) == 0 for bit in descriptions)
    assert all(descriptions.values())
    assert len(set(descriptions.values())) == len(descriptions)


def test_descriptions_of_combined_flags():
    combined = PAFlags.NO_MAP | PAFlags.FIT_FAILED
    expected = f"{PAFlags.NO_MAP.description}; {PAFlags.FIT_FAILED.description}"
    assert combined.description == expected
    assert PAFlags.NONE.description == ""


def test_equal_bits_of_other_kinds_have_other_descriptions():
    assert PAFlags.FIT_FAILED == UsabilityFlags.CANNOT_TELL
    assert PAFlags.FIT_FAILED.description != UsabilityFlags.CANNOT_TELL.description


def test_all_errors_share_a_base():
    errors = [getattr(exceptions, name) for name in exceptions.__all__ if name.endswith("Error")]
    assert len(errors) > 5
    for error in errors:
        assert issubclass(error, exceptions.MangapaError)
