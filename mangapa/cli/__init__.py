"""The command ``mangapa``."""

import argparse
import io
import os
import sys
import warnings
from importlib import import_module

import mangapa
from mangapa.cli._exit import BAD_USAGE, SOME_FAILED, complain

__all__ = ["main"]

#: The commands of each module, which is imported when one of them is used, and their purposes.
COMMANDS = {
    "_demo": {
        "demo": "simulate a dozen galaxies, measure them, and compare the results with the truth",
    },
    "_measure": {"measure": "measure galaxies"},
    "_survey": {
        "survey": "measure many galaxies; the same command again resumes an interrupted survey",
        "status": "show the progress and failures of a run",
        "catalogue": "write the catalogue of a run",
        "report": "write an HTML report of a run",
        "compare": "compare two catalogues",
    },
    "_inspect": {
        "inspect": "open a page on which you classify the velocity fields of a run by eye",
        "agreement": "show how far experts agree, and write their consensus",
    },
    "_formats": {"formats": "list the file formats that are known, those of plugins included"},
    "_archive": {
        "download": "download MAPS files to the local copy of the SAS",
        "list": "list the galaxies of a data release",
    },
    "_network": {
        "train": "train a network to recognise usable fields",
        "evaluate": "print and draw how good a network is",
    },
    "_simulate": {"simulate": "write a simulated galaxy as a MAPS file"},
    "_bug_report": {"bug-report": "print versions and settings, for the report of a bug"},
}


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
    parser, _ = _parsers()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names may hold what the terminal or its locale cannot show.
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            try:
                options = parser.parse_args(arguments)
                if "run" not in options:
                    parser.error("name a COMMAND; 'mangapa --help' lists them")
            except (TypeError, ValueError) as error:
                # The defaults of options are settings, which the configuration file may have wrong.
                complain(error)
                return BAD_USAGE
            return _run(options)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except OSError as error:
        # What Python writes at its end must go elsewhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        # A reader such as head has enough.
        return SOME_FAILED if isinstance(error, BrokenPipeError) else complain(error)


def _parsers():
    """The parser, and those of the commands, which get their options when they are used."""
    parser = argparse.ArgumentParser(
        prog="mangapa",
        description=mangapa.__doc__,
        epilog="'mangapa COMMAND --help' describes the options of a command.",
    )
    parser.add_argument("--version", action="version", version=f"mangapa {mangapa.__version__}")
    parser.add_argument(
        "--citation", action=_Citation, nargs=0, help="print what to cite, as BibTeX, and exit"
    )
    added = parser.add_subparsers(metavar="COMMAND", parser_class=_Command)
    every = []
    for module, purposes in COMMANDS.items():
        commands = {
            name: added.add_parser(name, help=purpose, description=f"{_sentence(purpose)}.")
            for name, purpose in purposes.items()
        }
        for command in commands.values():
            command.module, command.commands = module, commands
        every += commands.values()
    return parser, every


def _complete_parser():
    """The parser with the options of all commands, of which the documentation is made."""
    parser, commands = _parsers()
    for command in commands:
        command.complete()
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
    except (ImportError, OSError) as error:
        return complain(error)
    except KeyboardInterrupt:
        return complain("interrupted")
    except Exception as error:
        if isinstance(error, mangapa.MangapaError):
            return complain(error)
        raise


class _Command(argparse.ArgumentParser):
    """Parser of a command, which gets its options when it is used: ``--help`` needs none."""

    module = ""
    commands: "dict[str, _Command] | None" = None

    def complete(self):
        """Add the options, which a module adds to all its commands at once."""
        if self.commands is not None:
            import_module(f"mangapa.cli.{self.module}").add_to(self.commands)
            for command in list(self.commands.values()):
                command.commands = None

    def parse_known_args(self, *arguments):
        self.complete()
        options, unknown = super().parse_known_args(*arguments)
        if unknown:
            # The parser of all commands would print its own usage, without these options.
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown


def _sentence(purpose):
    return f"{purpose[0].upper()}{purpose[1:]}"


class _Citation(argparse.Action):
    def __call__(self, parser, *_):
        # The actions of argparse would wrap the lines, or print them to the standard error.
        print(mangapa.__citation__, end="")
        parser.exit()


def _show(message, category, *where, shown=warnings.showwarning):
    """Show mangapa's own warnings in one line, without a line of code."""
    if issubclass(category, mangapa.MangapaWarning):
        complain(message)
    else:
        shown(message, category, *where)
