"""Options as fields of a dataclass, each described once for docstrings and the command line."""

import difflib
import inspect
import re
from dataclasses import field, fields


class UnsuitableOptionError(ValueError):
    """A method does not support an option, whatever it is applied to."""


def option(default, text, *, parse=str, metavar=None, choices=None):
    """
    Field of a settings dataclass.

    ``text`` describes the option. For the command line, ``parse`` converts the text to a value, and
    ``choices()`` returns the values on offer.
    """
    about = {"text": text, "parse": parse, "metavar": metavar, "choices": choices}
    return field(default=default, metadata=about)


def none_or(parse):
    """Parser of a command line for text that is "none" or what ``parse`` takes."""
    return lambda text: None if text == "none" else parse(text)


def check_names(given, kind, subject):
    """Raise a TypeError if a name in ``given`` is not an option of the dataclass ``kind``."""
    known = [one.name for one in fields(kind)]
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(known)}"
            msg = f"{subject} has no option {name!r}; {hint}"
            raise TypeError(msg)


def closest(name, known):
    """
    Return " (did you mean 'X'?)" for what was probably meant, or nothing, for an error message.

    Case, blanks and punctuation are ignored, and a number is enough if no other name ends in it.
    """
    plain = {re.sub(r"[\W_]", "", one).casefold(): one for one in known}
    given = re.sub(r"[\W_]", "", name).casefold()
    found = difflib.get_close_matches(given, plain, n=1, cutoff=0.8)
    if not found:
        ends = [one for one in plain if given.isdigit() and one.endswith(given)]
        found = ends if len(ends) == 1 else []
    return f" (did you mean {plain[found[0]]!r}?)" if found else ""


def documented_with(kind):
    """Return a decorator that replaces ``{options}`` in a docstring by a list of the options."""
    lines = [
        f"- ``{one.name}`` ({inspect.formatannotation(one.type)}, default {one.default!r}): "
        f"{one.metadata['text']}."
        for one in fields(kind)
    ]

    def decorate(function):
        if function.__doc__ is None:  # python -OO
            return function
        # Python 3.13 strips the indentation of docstrings, earlier versions do not.
        text = inspect.cleandoc(function.__doc__)
        (indent,) = (
            line[: -len("{options}")] for line in text.splitlines() if line.endswith("{options}")
        )
        function.__doc__ = text.replace("{options}", f"\n{indent}".join(lines)) + "\n"
        return function

    return decorate
