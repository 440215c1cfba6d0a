"""Accessibility of the pages of the documentation; ``tox -e docs`` builds them."""

from pathlib import Path

import pytest

from tests.axe import axe

BUILT = Path(__file__).parents[1] / "docs" / "_build" / "html"
#: The front page, two guides, a page with many links and the gallery.
PAGES = ("index", "start", "survey", "reference/core", "auto_gallery/index")


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_page_is_accessible(browser, page):
    if not BUILT.is_dir():
        pytest.skip("the documentation is not built: tox -e docs")
    browser.get((BUILT / f"{page}.html").as_uri())
    assert "\N{EM DASH} mangapa" in browser.title
    assert axe(browser) == []
