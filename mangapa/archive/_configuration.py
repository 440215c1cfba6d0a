"""What a user can settle once for all sessions, through astropy's configuration system."""

from astropy.config import ConfigItem, ConfigNamespace

__all__ = ["Conf", "conf", "may_download"]


class Conf(ConfigNamespace):
    """
    Settings of mangapa, kept in ``mangapa.cfg`` in astropy's configuration folder.

    ``mangapa.conf`` is its one instance: ``mangapa.conf.release = "DR15"`` holds for the session,
    ``with mangapa.conf.set_temp("release", "DR15"):`` for a block.
    """

    release = ConfigItem("DR17", "Data release of a plate-IFU or MaNGA-ID.", module="mangapa")
    daptype = ConfigItem(
        "",
        "Analysis of a plate-IFU, or its bintype such as VOR10; empty: the default of the release.",
        module="mangapa",
    )
    allow_download = ConfigItem(
        False,
        "Whether files that are not here are downloaded without being asked.",
        module="mangapa",
    )
    parallel_downloads = ConfigItem(
        3,
        "How many files are downloaded at once; the archive serves everybody.",
        cfgtype="integer(min=1, max=8)",
        module="mangapa",
    )
    timeout = ConfigItem(
        30.0,
        "Seconds after which a server that sends nothing is given up.",
        cfgtype="float(min=0.1)",
        module="mangapa",
    )
    server = ConfigItem(
        "",
        "Address of the archive, such as that of a mirror; empty: the one that sdss-access knows.",
        module="mangapa",
    )
    rsync_server = ConfigItem(
        "", "The same for rsync, such as rsync://dtn.sdss.org.", module="mangapa"
    )
    table_folder = ConfigItem(
        "",
        "Folder that keeps the tables drpall and dapall; empty: their place in the local archive.",
        module="mangapa",
    )


#: The settings in force.
conf = Conf()


def may_download(asked=None):
    """
    Whether files may be downloaded.

    Parameters
    ----------
    asked : `bool`, optional
        What the caller says; the configuration decides if not given.

    Returns
    -------
    `bool`
    """
    return conf.allow_download if asked is None else asked
