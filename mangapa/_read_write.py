"""The methods ``read`` and ``write`` of `~mangapa.Galaxy`."""

from typing import TYPE_CHECKING, Any

from astropy.io import registry

from mangapa._utils.types import PathLike

if TYPE_CHECKING:
    from mangapa.fields import Galaxy


class GalaxyRead(registry.UnifiedReadWrite):  # numpydoc ignore=PR01,PR02
    """
    Read a galaxy from a file, through `astropy.io.registry`.

    Parameters
    ----------
    path : path-like
        File to read.
    format : `str`, optional
        Name of a registered format; identified from the file if not given.

    Returns
    -------
    `Galaxy`
    """

    def __init__(self, instance, cls):
        _register()
        super().__init__(instance, cls, "read", registry=None)

    def __call__(self, path: PathLike, *, format: str | None = None, **kwargs: Any) -> "Galaxy":
        from mangapa.formats import read_galaxy

        return read_galaxy(path, format, **kwargs)


class GalaxyWrite(registry.UnifiedReadWrite):  # numpydoc ignore=PR01,PR02
    """
    Write a galaxy to a file, through `astropy.io.registry`.

    Parameters
    ----------
    path : path-like
        File to write; it appears whole or not at all.
    format : {"mangapa-fits", "mangapa-ecsv"}, optional
        Name of a format; by default that of the end of the name, ``.fits``, ``.fits.gz`` or
        ``.ecsv``.
    overwrite : `bool`, optional
        Whether an existing file is replaced.

    Raises
    ------
    OSError
        If the file exists and ``overwrite`` is False, or it cannot be written.
    ValueError
        If no format belongs to the name.
    """

    def __init__(self, instance, cls):
        _register()
        super().__init__(instance, cls, "write", registry=None)

    def __call__(
        self, path: PathLike, *, format: str | None = None, overwrite: bool = False
    ) -> None:
        from mangapa.formats import write_galaxy

        write_galaxy(self._instance, path, format, overwrite=overwrite)


def _register():
    """Import the formats, so that astropy's registry has them when it lists or explains them."""
    import mangapa.formats  # noqa: F401
