"""Accessibility of a page, by axe-core."""

import os

import pytest

#: Widths of the window, pixels: of a desk, a tablet and a phone.
WIDTHS = [1400, *(pytest.param(width, marks=pytest.mark.slow) for width in (800, 400))]
#: Least ratio of the luminances of text and background (WCAG 2.2, 1.4.3).
LEAST_CONTRAST = 4.5
#: The contrast of an element with the next background above it, where axe cannot see which it is:
#: it takes transparent layers of figures for one.
CONTRAST = """
const shade = (colour) => colour.match(/[\\d.]+/g).map(Number);
const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
const luminance = (colour) => [0.2126, 0.7152, 0.0722].reduce(
  (sum, weight, i) => sum + weight * linear(colour[i] / 255), 0.05);
return arguments[0].map((selector) => {
  const element = document.querySelector(selector), style = getComputedStyle(element);
  const ink = shade(element instanceof SVGElement ? style.fill : style.color);
  let place = element, paper = [0, 0, 0, 0];
  while (place && paper[3] === 0) {
    paper = shade(getComputedStyle(place).backgroundColor);
    place = place.parentElement;
  }
  const ratio = luminance(ink) / luminance(paper[3] === 0 ? [255, 255, 255] : paper);
  return Math.max(ratio, 1 / ratio);
});
"""


def axe(browser):
    """
    What is wrong with the page that the browser shows, as lines of text.

    Of what axe leaves to a person, the contrast is measured here, and anything else is wrong. The
    variable ``MANGAPA_AXE`` names a newer ``axe.min.js`` than that of the package.
    """
    selenium = pytest.importorskip("axe_core_python.selenium")
    script = os.environ.get("MANGAPA_AXE")
    found = (selenium.Axe.from_file(script) if script else selenium.Axe()).run(browser)
    assert found["passes"]
    wrong = [(rule, node["target"][0]) for rule in found["violations"] for node in rule["nodes"]]
    for rule in found["incomplete"]:
        # Two links with one name may be one page at two places: no fault below the highest level.
        if "wcag2aaa" in rule["tags"]:
            continue
        targets = [node["target"][0] for node in rule["nodes"]]
        if rule["id"] == "color-contrast":
            ratios = browser.execute_script(CONTRAST, targets)
            pairs = zip(targets, ratios, strict=True)
            targets = [target for target, ratio in pairs if ratio < LEAST_CONTRAST]
        wrong += [(rule, target) for target in targets]
    return [f"{rule['id']} ({rule['help']}): {target}" for rule, target in wrong]
