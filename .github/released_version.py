"""
Check that everything that names the version of a release names the same one.

    python .github/released_version.py TAG [--stable]

With ``--stable``, check that the documentation at "stable" is that of the release.
"""

import re
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[1]
STABLE = "https://mangapa.readthedocs.io/en/stable/"
#: Where the version of the next release stands, and how it is found there.
PLACES = {
    "CHANGES.rst": r"\A(\S+) \(\d{4}-\d\d-\d\d\)\n",
    "CITATION.cff": r"(?m)^version: (\S+)$",
    "recipe/recipe.yaml": r'(?m)^  version: "(\S+)"$',
}


def wrong_places(version):
    """Return a line for each file that does not name the version."""
    lines = []
    for name, pattern in PLACES.items():
        found = re.search(pattern, (ROOT / name).read_text(encoding="utf-8"))
        if found is None or found[1] != version:
            stands = f"names {found[1]}" if found else "has no version with a date of release"
            lines.append(f"{name} {stands}, but the tag is {version}")
    return lines


def is_stable(version):
    """Whether the title of the stable documentation has the version."""
    with urllib.request.urlopen(STABLE, timeout=30) as page:
        title = re.search(r"<title>(.*?)</title>", page.read().decode(), re.DOTALL)
    return title is not None and f"mangapa {version}" in " ".join(title[1].split())


def main():
    """Check, and exit with a message if something is wrong."""
    tag, *options = sys.argv[1:]
    version = tag.removeprefix("v")
    if options == ["--stable"]:
        sys.exit(None if is_stable(version) else f"{STABLE} does not show {version}")
    sys.exit("\n".join(wrong_places(version)) or None)


if __name__ == "__main__":
    main()
