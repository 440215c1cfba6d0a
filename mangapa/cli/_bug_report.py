"""``mangapa bug-report``: what the report of a bug should say about the installation."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from astropy.config import get_config_dir

from mangapa._utils.files import printable
from mangapa.archive._configuration import Conf, conf
from mangapa.cli._exit import ALL_GOOD
from mangapa.cli._options import add_command

#: Variables that change what mangapa does.
VARIABLES = (
    *("SAS_BASE_DIR", "XDG_CONFIG_HOME", "MPLBACKEND", "PYTHONPATH"),
    *("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"),
)
#: Requirements of the tests and of the documentation.
FOR_DEVELOPERS = re.compile(r"extra == .(test|docs)\b")
#: Settings that may hold an address, a folder or the path of a model: their values are not printed.
PRIVATE = ("server", "rsync_server", "table_folder", "settings")


def add_to(commands):
    """Add the command."""
    add_command(commands, "bug-report", _bug_report)


def _bug_report(options):
    print(f"mangapa {version('mangapa')}")
    print(f"Python {platform.python_version()} ({platform.python_implementation()})")
    print(f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} cores")
    print("\nPackages")
    versions = {name: _version(name) for name in _packages()}
    for name, found in versions.items():
        if found:
            print(f"  {name} {found}")
    if missing := [name for name, found in versions.items() if not found]:
        print(f"  not installed: {', '.join(missing)}")
    print("\nSettings")
    exists = (Path(get_config_dir()) / "mangapa.cfg").exists()
    print(f"  mangapa.cfg: {'exists' if exists else 'none'}")
    for name in vars(Conf):
        if (state := _state(name)) is not None:
            print(f"  {name}: {printable(state)}")
    print("\nEnvironment")
    for name in VARIABLES:
        value = os.environ.get(name)
        # A number is not private, but a path may be.
        print(f"  {name}: {'unset' if value is None else value if value.isdecimal() else 'set'}")
    return ALL_GOOD


def _packages():
    """Names of the packages that mangapa and its extras require, those of developers left out."""
    needed = [one for one in requires("mangapa") or () if not FOR_DEVELOPERS.search(one)]
    names = {re.split(r"[^\w.-]", one)[0] for one in needed}
    return sorted(names - {"mangapa"}, key=str.casefold)


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _state(name):
    """What is said of a setting; `None` if it has its default, or is not one."""
    default = getattr(vars(Conf)[name], "defaultvalue", None)
    try:
        value = getattr(conf, name)
    except ValueError:
        return "cannot be read"
    if default is None or value == default:
        return None
    return "changed" if name in PRIVATE else str(value)
