"""Each promise of the documentation is held by tests, and no test holds one that is not there."""

import re
from pathlib import Path

import pytest

from tests.promises import marked_tests

PAGE = Path(__file__).parents[1] / "docs" / "promises.rst"


@pytest.mark.quick
def test_each_promise_is_held_by_a_test():
    promised = [int(n) for n in re.findall(r"^\.\. promise:: (\d+)$", PAGE.read_text(), re.M)]
    assert promised == list(range(1, len(promised) + 1))
    assert list(marked_tests()) == promised
