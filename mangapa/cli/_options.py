"""Options that several commands share."""

import glob
from argparse import ArgumentTypeError
from dataclasses import fields
from pathlib import Path

from mangapa._utils.files import as_path
from mangapa._utils.lists import read_list
from mangapa.archive._configuration import conf
from mangapa.settings import MeasurementSettings


def add_command(commands, name, run):
    """Let a command call ``run`` with its options, and return its parser."""
    commands[name].set_defaults(run=run)
    return commands[name]


def path(text):
    """The path that an argument gives; ``~`` is expanded."""
    try:
        return as_path("it", text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def add_path(command, name, metavar, text, **options):
    """Add a path."""
    command.add_argument(name, type=path, metavar=metavar, help=text, **options)


def add_list(command):
    """Add a list of sources."""
    add_path(command, "--list", "FILE", "also the sources in this file, one per line; # comments")


def sources_from(options):
    """The sources that are given one by one, and those of ``--list``."""
    sources = list(options.sources)
    if options.list is None:
        return sources
    listed = read_list(options.list)
    if not listed:
        msg = f"--list {options.list} names no source; write one in each line"
        raise ValueError(msg)
    first = listed[0]
    if "," in first and not glob.has_magic(first) and not Path(first).exists():
        msg = f"--list {options.list} has several columns, and there is no file {first}; write a "
        msg += "source alone in each line, such as the plate-IFU"
        raise ValueError(msg)
    return [*sources, *listed]


def add_release_options(command):
    """Add the release and the analysis of identifiers."""
    release = "data release of a plate-IFU or MaNGA-ID (default: %(default)s)"
    command.add_argument("--release", default=conf.release, help=release)
    daptype = f"analysis, such as VOR10 (default: {conf.daptype or 'that of the release'})"
    command.add_argument("--daptype", default=conf.daptype or None, help=daptype)


def add_download_option(command, what="files that are missing from the local copy of the SAS"):
    """Add permission to download what is missing."""
    command.add_argument(
        "--download", action="store_true", default=conf.allow_download, help=f"download {what}"
    )


def add_settings(command):
    """Add the options of a measurement, as `MeasurementSettings` describes them."""
    group = command.add_argument_group("measurement")
    defaults = MeasurementSettings.from_options().as_dict()
    for one in fields(MeasurementSettings):
        about = one.metadata
        choices = about["choices"] and [_as_text(choice) for choice in about["choices"]()]
        group.add_argument(
            f"--{one.name.replace('_', '-')}",
            type=str if choices else _parser(about),
            default=defaults[one.name],
            choices=choices,
            metavar=about["metavar"],
            help=f"{about['text']} (default: {_as_text(defaults[one.name])})",
        )


def settings_from(options):
    """The `MeasurementSettings` that `add_settings` asked for."""
    given = {}
    for one in fields(MeasurementSettings):
        value = getattr(options, one.name)
        given[one.name] = one.metadata["parse"](value) if isinstance(value, str) else value
    return MeasurementSettings(**given)


def _as_text(value):
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _parser(about):
    def parse(text):
        try:
            return about["parse"](text)
        except ValueError as error:
            msg = f"invalid value {text!r}: {about['text']}"
            raise ArgumentTypeError(msg) from error

    return parse
