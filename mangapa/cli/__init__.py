"""The command ``mangapa``."""

import argparse
import io
import os
import sys
import warnings

import mangapa
from mangapa.catalogue._provenance import BIBTEX
from mangapa.cli import _archive, _demo, _formats, _inspect, _measure, _network, _simulate, _survey
from mangapa.cli._output import BAD_USAGE, SOME_FAILED, complain
from mangapa.exceptions import MangapaError, MangapaWarning

__all__ = ["main"]

COMMANDS = (_demo, _measure, _survey, _inspect, _formats, _archive, _network, _simulate)


def main(arguments: "list[str] | None" = None) -> int:
    """
    Run the command line.

    Parameters
    ----------
    arguments : sequence of `str`, optional
        Arguments of the command; those of the process if not given.

    Returns
    -------
    `int`
        Exit code: 0 if all went well, 1 if something failed, 2 if the command was wrong.
    """
    try:
        parser = _parser()
    except (TypeError, ValueError) as error:
        # The defaults of options are settings, which the configuration file may have wrong.
        complain(error)
        return BAD_USAGE
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names may hold what the terminal or its locale cannot show.
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            return _run(parser.parse_args(arguments))
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except OSError as error:
        # What Python writes at its end must go elsewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # A reader such as head has enough.
        return SOME_FAILED if isinstance(error, BrokenPipeError) else complain(error)


def _parser():
    """Make the parser of all commands, of which the documentation is made, too."""
    parser = argparse.ArgumentParser(
        prog="mangapa",
        description=mangapa.__doc__,
        epilog="'mangapa COMMAND --help' describes the options of a command.",
    )
    parser.add_argument("--version", action="version", version=f"mangapa {mangapa.__version__}")
    parser.add_argument(
        "--citation", action=_Citation, nargs=0, help="print what to cite, as BibTeX, and exit"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return parser


def _run(options):
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show
            return options.run(options)
    except BrokenPipeError:
        raise
    except ValueError as error:
        complain(error)
        return BAD_USAGE
    except MemoryError:
        return complain("there is not enough memory")
    except (ImportError, OSError, MangapaError) as error:
        return complain(error)
    except KeyboardInterrupt:
        return complain("interrupted")


class _Citation(argparse.Action):
    def __call__(self, parser, *_):
        # The actions of argparse would wrap the lines, or print them to the standard error.
        print(BIBTEX, end="")
        parser.exit()


def _show(message, category, *where, shown=warnings.showwarning):
    """Show mangapa's own warnings in one line, without a line of code."""
    if issubclass(category, MangapaWarning):
        complain(message)
    else:
        shown(message, category, *where)
