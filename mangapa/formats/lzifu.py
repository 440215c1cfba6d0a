"""Read the maps of LZIFU, which fitted the emission lines of SAMI, S7, Hector and others."""

from collections.abc import Sequence
from typing import Any

from mangapa._utils.cards import number_of
from mangapa._utils.types import PathLike
from mangapa.fields import Galaxy
from mangapa.formats._choices import check_name, choose, one_observation, paths_of
from mangapa.formats._format import Format, register_format
from mangapa.formats._lzifu_fits import COMPONENTS, NAMES, read_fit
from mangapa.formats._sky import celestial_wcs, offsets
from mangapa.formats._values import field_of, refuse_empty

__all__ = ["read_lzifu"]


def read_lzifu(path: PathLike | Sequence[PathLike], *, components: str = "default") -> Galaxy:
    """
    Read the velocity maps of a galaxy that was fitted by LZIFU (Ho et al. 2016).

    Of several components the narrowest of each spaxel is read. Spaxels are masked whose error is 30
    km/s or more, or whose H-alpha has a S/N below 5. The dispersion is that of the same component,
    and the light the total flux of H-alpha. Files of S7 have velocities of the stars, too.

    Parameters
    ----------
    path : path-like, or sequence of path-like
        A file such as ``NGC0776_1_comp.fits``, or those of one galaxy with several fits.
    components : {"default", "1-comp", "merge-comp", "recom-comp", "2-comp", "3-comp"}, optional
        Fit, if there are files of several; by default the first that there is, in this order.

    Returns
    -------
    `~mangapa.Galaxy`

    Raises
    ------
    ValueError
        If ``components`` is not one of these.
    FileNotFoundError, mangapa.exceptions.GalaxyFileError
        If a file is missing, damaged or incomplete, if there is no such fit, or if the files are
        of several galaxies.

    Examples
    --------
    See :ref:`lzifu`.
    """
    check_name("components", components, ("default", *COMPONENTS))
    files = [read_fit(one) for one in paths_of(path)]
    name = one_observation(files)
    (fit,) = choose(files, "default", components, ("default",), {"halpha": COMPONENTS})
    wcs = celestial_wcs(fit.sky, fit.path)
    ny, nx = fit.maps["halpha"]["velocity"].shape
    x, y, centre = offsets(wcs, (ny, nx))
    fields: dict[str, Any] = {
        tracer: field_of(fit.path, x=x, y=y, **maps, tracer=tracer, galaxy=name)
        for tracer, maps in fit.maps.items()
    }
    refuse_empty(fit.path, *fields.values())
    return Galaxy(
        **fields,
        name=name,
        daptype=fit.components,
        header=fit.header,
        centre=centre,
        # LZIFU fits cubes of any instrument, whose reference pixel may be anywhere.
        centre_is_nominal=True,
        redshift=number_of(fit.header, "Z_LZIFU" if "Z_LZIFU" in fit.header else "Z", -1, 20),
    )


register_format(
    Format(
        name="lzifu",
        title="emission-line maps of LZIFU",
        files="NGC0776_1_comp.fits",
        names=NAMES,
        recognise=lambda found: found.names >= {"V", "V_ERR", "VDISP"},
        read=read_lzifu,
        options=("components",),
        frame="relative to Z_LZIFU, or else Z, of the header",
        dispersion="gas and stars, free of the instrument's part (public code that reads them)",
    )
)
