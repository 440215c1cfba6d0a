"""Settings that hold for all sessions, through astropy's configuration system."""

import math
from functools import partial
from pathlib import Path

from astropy.config import ConfigItem, ConfigNamespace, get_config_dir

__all__ = ["Conf", "conf"]

#: Most simultaneous downloads: the archive serves everyone.
MOST_DOWNLOADS = 8


class _Item(ConfigItem):
    """A setting whose errors name it and the file."""

    def __call__(self):
        try:
            value = super().__call__()
            if isinstance(value, float) and not math.isfinite(value):
                msg = f'the value "{value}" is not finite.'
                raise TypeError(msg)
        # The parser of the file raises subclasses of SyntaxError.
        except (TypeError, SyntaxError, UnicodeDecodeError, OSError) as error:
            file = Path(get_config_dir()) / "mangapa.cfg"
            msg = f"the setting {self.name} cannot be read ({error}); correct it in {file}"
            raise ValueError(msg) from error
        return value


_item = partial(_Item, module="mangapa")


class Conf(ConfigNamespace):
    """
    Settings of mangapa, stored in ``mangapa.cfg`` in astropy's configuration folder.

    The only instance is ``mangapa.conf``. Assign to an attribute to change a setting for the
    session, or use ``with mangapa.conf.set_temp("release", "DR15"):`` to change it for a block.
    """

    release = _item("DR17", "Data release in which plate-IFUs and MaNGA-IDs are looked up.")
    daptype = _item(
        "",
        "Analysis of a galaxy, or its bintype such as VOR10; empty: the default of the release.",
    )
    allow_download = _item(False, "Download missing files without being asked to.")
    parallel_downloads = _item(
        3,
        "Number of simultaneous downloads; low by default, because the archive serves everyone.",
        cfgtype=f"integer(min=1, max={MOST_DOWNLOADS})",
    )
    timeout = _item(
        30.0,
        "Seconds to wait for a server that sends nothing, or less than 16 kB.",
        cfgtype="float(min=0.1, max=86400)",
    )
    server = _item(
        "", "Address of the archive, such as that of a mirror; empty: the address in sdss-access."
    )
    rsync_server = _item("", "The same for rsync, such as rsync://dtn.sdss.org.")
    table_folder = _item(
        "", "Folder for the tables drpall and dapall; empty: their place in the local archive."
    )
    settings = _item(
        [],
        "Options of measurements that replace the defaults, such as method=harmonic, sigma=4.",
        cfgtype="force_list",
    )


#: The settings in force.
conf = Conf()


def release_and_daptype(release=None, daptype=None):
    """Return what was asked for, or the settings where it is None or empty."""
    for name, value in {"release": release, "daptype": daptype}.items():
        if value is not None and not isinstance(value, str):
            msg = f"{name}={value!r} must be text, not {type(value).__name__}"
            raise TypeError(msg)
    return release or conf.release, daptype or conf.daptype


def may_download(asked=None):
    """Return ``asked``, or the setting ``allow_download`` if it is None."""
    return conf.allow_download if asked is None else asked
