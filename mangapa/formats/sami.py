"""Read the stellar and gas velocity maps of the SAMI Galaxy Survey, DR2 and DR3."""

from collections.abc import Sequence

import numpy as np

from mangapa._utils.cards import number_of
from mangapa._utils.files import printable
from mangapa._utils.types import PathLike
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import TRACERS, Galaxy
from mangapa.formats._choices import check_name, choose, one_observation, paths_of
from mangapa.formats._format import Format, register_format
from mangapa.formats._sami_files import (
    BINNINGS,
    COMPONENTS,
    NAMES,
    dispersions_of,
    flux_of,
    read_file,
)
from mangapa.formats._sky import celestial_wcs, offsets
from mangapa.formats._values import bins_of_equal_values, field_of, refuse_empty

__all__ = ["read_sami"]

#: Recommended cuts (Croom et al. 2021): largest error, km/s, and the least S/N of the continuum for
#: the stars, and of H-alpha for the gas.
MAX_ERROR = 30.0
MIN_SNR = {"stellar": 3.0, "halpha": 5.0}


def read_sami(
    path: PathLike | Sequence[PathLike], *, binning: str = "default", components: str = "default"
) -> Galaxy:
    """
    Read the velocity maps of one observation of a galaxy of the SAMI Galaxy Survey.

    Spaxels are masked whose error is 30 km/s or more, as the survey recommends; so are those of the
    stars whose S/N is below 3, and those of the gas whose H-alpha has a S/N below 5 if the file
    of the H-alpha flux, in the same binning, is among the files. Velocity dispersions come from
    files of the same binning and moments or components; those of the stars are unknown where the
    survey recommends not to use them.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        A ``stellar-velocity`` or ``gas-velocity`` file; or the files of one observation, such as
        all that begin with ``41144_A_``, of which those that are not needed are ignored.
    binning : {"default", "adaptive", "sectors", "annular"}, optional
        Binning, if there are files of several; by default the least binned.
    components : `str`, optional
        Moments of the stellar velocities, "two-moment" (default) or "four-moment"; or components of
        the emission lines, "1-comp" (default), "recom-comp", "2-comp" or "3-comp", of which the
        first is read, which is the narrowest.

    Returns
    -------
    `~mangapa.Galaxy`

    Raises
    ------
    ValueError
        If ``binning`` or ``components`` is not one of SAMI's.
    FileNotFoundError, mangapa.exceptions.GalaxyFileError
        If a file is missing or damaged, if no file has the velocities that are asked for, or if the
        files are of several observations.

    Examples
    --------
    See :ref:`sami`.
    """
    check_name("binning", binning, BINNINGS)
    check_name("components", components, ("default", *sum(COMPONENTS.values(), ())))
    files = [read_file(one) for one in paths_of(path)]
    observation = one_observation(files)
    if not any(one.kind in TRACERS for one in files):
        msg = (
            f"{printable(files[0].path)} holds {files[0].kind}; name a file with "
            "'stellar-velocity' or 'gas-velocity' in its name, with or without this one"
        )
        raise GalaxyFileError(msg)
    chosen = choose(files, binning, components, BINNINGS, COMPONENTS)
    name, _, letter = (observation or "").partition("_")
    fields = {one.kind: _field(one, files, name or None) for one in chosen}
    first = chosen[0]
    refuse_empty(first.path, *fields.values())
    return Galaxy(
        **fields,
        name=name or None,
        survey="SAMI",
        observation=letter or None,
        release="DR3" if letter else None,
        daptype=", ".join(f"{one.binning} {one.components}" for one in chosen),
        header=first.header,
        centre=offsets(celestial_wcs(first.header, first.path), (1, 1))[2],
        redshift=number_of(first.header, "Z_PPXF", -1, 20),
    )


def _field(one, files, name):
    """The velocity field in a file, with the quality cuts."""
    x, y, _ = offsets(celestial_wcs(one.header, one.path), one.values.shape)
    mask = ~(one.error < MAX_ERROR)
    flux, snr = flux_of(one, files)
    if snr is not None:
        mask |= ~(snr >= MIN_SNR[one.kind])
    # Spaxels of a bin repeat its value; in unbinned maps no two are equal.
    bins = bins_of_equal_values(one.values, one.error)
    is_binned = bins.max(initial=-1) + 1 < np.count_nonzero(bins >= 0)
    return field_of(
        *(one.path, one.values, x, y),
        error=one.error,
        mask=mask,
        bin_id=bins if is_binned else None,
        tracer=one.kind,
        galaxy=name,
        flux=flux,
        **dispersions_of(one, files),
    )


def _is_sami(found):
    if found.primary.text("INSTRUME") == "AAOMEGA-SAMI":
        return True
    # Maps of the gas do not name the survey: an image with a third axis of no type, and errors.
    planes, *errors = found.hdus
    is_map = len(planes.shape) == 3 and "CTYPE3" not in planes and "CTYPE1" in planes
    return is_map and len(errors) == 1 and errors[0].name.endswith("_ERR")


register_format(
    Format(
        name="sami",
        survey="SAMI",
        title="stellar and gas velocity maps of DR2 and DR3",
        files="41144_A_stellar-velocity_default_two-moment.fits",
        names=NAMES,
        recognise=_is_sami,
        read=read_sami,
        options=("binning", "components"),
        frame="relative to Z_PPXF of the header",
        dispersion="stars and gas, both free of the instrument's part (survey's documentation for "
        "the stars, public code that reads LZIFU for the gas)",
    )
)
