"""``mangapa formats``: the file formats that are known, and what their numbers mean."""

import json
import textwrap

from astropy.io import registry

from mangapa._utils.files import printable
from mangapa.cli._exit import ALL_GOOD
from mangapa.cli._options import add_command
from mangapa.fields import Galaxy
from mangapa.formats import formats

#: Width of the lines, and of the names at their beginning.
WIDTH, INDENT = 79, 14


def add_to(commands):
    """Add the command."""
    command = add_command(commands, "formats", _formats)
    command.add_argument("--json", action="store_true", help="print them as JSON")


def _formats(options):
    known = {one.name: _described(one) for one in formats()}
    # Another package may register a reader with astropy alone.
    readers = sorted(registry.get_formats(Galaxy, "Read")["Format"])
    known |= {
        name: {"title": "a format of another package"} for name in readers if name not in known
    }
    if options.json:
        print(json.dumps([{"name": name, **about} for name, about in known.items()], indent=2))
        return ALL_GOOD
    for name, about in known.items():
        title = ": ".join(filter(None, (about.pop("survey", None), about.pop("title"))))
        print("\n".join(_lines("", f"{name} - {title}", INDENT // 2)))
        for what, text in about.items():
            if text:
                print("\n".join(_lines(f"  {what}", text, INDENT)))
        print()
    return ALL_GOOD


def _described(one):
    """What a format is, in words."""
    east = {1: "x of the file is to the East", -1: "x of the file is to the West"}
    return {
        "survey": one.survey,
        "title": one.title,
        "file": one.files,
        "offsets": east.get(one.offset_sign, "from coordinates on the sky"),
        "missing": one.missing,
        "velocities": one.frame,
        "errors": one.error,
        "dispersions": one.dispersion,
        "options": ", ".join(f"--{option}" for option in one.options),
    }


def _lines(name, text, indent):
    start = f"{name:{indent}}" if name else ""
    style = {"initial_indent": start, "subsequent_indent": indent * " "}
    return textwrap.wrap(printable(text), WIDTH, break_on_hyphens=False, **style)
