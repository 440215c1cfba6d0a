"""Read the initial kinematics of the Hector Galaxy Survey."""

import re

from mangapa._utils.cards import number_of, text_of
from mangapa._utils.files import printable
from mangapa._utils.types import PathLike
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import Galaxy
from mangapa.formats._choices import check_name, one_path
from mangapa.formats._files import open_hdus
from mangapa.formats._format import Format, register_format
from mangapa.formats._maps import first_plane, image_of, optional_image
from mangapa.formats._sky import celestial_wcs, offsets
from mangapa.formats._values import bins_of_equal_values, field_of, in_km_s, refuse_empty

__all__ = ["read_hector"]

#: Largest error, km/s, as of SAMI: without it the stars have velocities of +-1500 km/s.
MAX_ERROR = 30.0
TRACERS = {"stellar": "V_STAR", "halpha": "V_GAS"}
#: What is before the names of the extensions.
BINNINGS = {"default": "", "binned": "BINNED_"}
NAMES = re.compile(
    r"(?P<observation>(?P<name>\d+)_(?P<tile>T\d+))_initial_kinematics\.fits(?:\.\w+)?"
)


def read_hector(path: PathLike, *, binning: str = "default") -> Galaxy:
    """
    Read the stellar and gas velocity maps of a galaxy of the Hector Galaxy Survey.

    Spaxels are masked whose error is 30 km/s or more, or 0, where the fit reached its limits.
    Velocity dispersions at the limits of the fit, or with an error of 0, are unknown. The files
    have no map of the light: their first image is the S/N of the continuum.

    Parameters
    ----------
    path : path-like
        An ``initial_kinematics`` file.
    binning : {"default", "binned"}, optional
        Whether the velocities of spaxels or of bins are read. Bins may be as large as the galaxy,
        and so give no angle.

    Returns
    -------
    `~mangapa.Galaxy`

    Raises
    ------
    ValueError
        If ``binning`` is not one of these.
    FileNotFoundError, mangapa.exceptions.GalaxyFileError
        If the file is missing, damaged or incomplete, or is another product of Hector.

    Examples
    --------
    See :ref:`hector`.
    """
    check_name("binning", binning, BINNINGS)
    path = one_path(path)
    named = NAMES.fullmatch(path.name)
    with open_hdus(path) as hdus:
        header, names = hdus[0].header, {hdu.name for hdu in hdus}
        tracers = {tracer: name for tracer, name in TRACERS.items() if name in names}
        if not tracers:
            msg = (
                f"{printable(path)} has no velocities (HDUs V_STAR and V_GAS); name the "
                "'initial_kinematics' file of the same galaxy"
            )
            raise GalaxyFileError(msg)
        name = text_of(header, "NAME") or (named["name"] if named else None)
        wcs, fields = celestial_wcs(header, path), {}
        for tracer, extension in tracers.items():
            fields[tracer] = _field(hdus, BINNINGS[binning] + extension, path, wcs, tracer, name)
    refuse_empty(path, *fields.values())
    return Galaxy(
        **fields,
        name=name,
        survey="Hector",
        observation=named["tile"] if named else None,
        daptype=binning,
        header=header,
        centre=offsets(wcs, (1, 1))[2],
        redshift=number_of(header, "Z", -1, 20),
    )


def _field(hdus, extension, path, wcs, tracer, name):
    """The field in an extension, and in that with its errors."""
    velocity = first_plane(image_of(hdus, extension, path), path)
    error = image_of(hdus, f"{extension}_ERR", path, velocity.shape)
    velocity, error = (in_km_s(one, hdus[extension].header, path) for one in (velocity, error))
    x, y, _ = offsets(wcs, velocity.shape)
    widths = {}
    for argument, end in (("dispersion", ""), ("dispersion_error", "_ERR")):
        one = extension.replace("V_", "SIG_") + end
        width = optional_image(hdus, one, path, velocity.shape)
        widths[argument] = None if width is None else in_km_s(width, hdus[one].header, path)
    return field_of(
        *(path, velocity, x, y),
        error=error,
        mask=~((error > 0) & (error < MAX_ERROR)),
        bin_id=bins_of_equal_values(velocity, error) if extension.startswith("BINNED") else None,
        tracer=tracer,
        galaxy=name,
        **widths,
    )


def _is_hector(found):
    if "V_ERR" in found.names:
        return False  # emission lines in the layout of LZIFU
    # Data cubes and other products are recognised, too, and refused.
    return found.primary.text("INSTRUME") == "SPECTOR" or found.names >= {"V_STAR", "V_GAS"}


register_format(
    Format(
        name="hector",
        survey="Hector",
        title="initial stellar and gas kinematics",
        files="901005167908374_T023_initial_kinematics.fits.gz",
        names=NAMES,
        recognise=_is_hector,
        read=read_hector,
        options=("binning",),
        frame="relative to Z of the header",
        dispersion="stars and gas, free of the instrument's part (they reach the limit of the fit, "
        "0.3 km/s)",
    )
)
