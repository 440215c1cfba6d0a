import sys

import pytest

from mangapa._utils.imports import import_extra


def test_what_is_missing_is_named_with_the_extra():
    with pytest.raises(ImportError, match=r"A figure needs absent.*pip install 'mangapa\[plot\]'$"):
        import_extra("absent.part", "plot", "A figure")


def test_an_extra_that_is_empty_on_this_python_is_not_advised_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_tuner", None)
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))
    with pytest.raises(ImportError, match=r"pip install 'mangapa\[train\]'$"):
        import_extra("keras_tuner", "train", "a search")
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    with pytest.raises(ImportError, match=r"with a Python before 3\.13"):
        import_extra("keras_tuner", "train", "a search")
