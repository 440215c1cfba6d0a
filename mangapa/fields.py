"""The two things that everything else works on: a velocity field and the galaxy it belongs to."""

from dataclasses import dataclass, field

import numpy as np
from astropy import units as u
from astropy.io import registry

from mangapa.flags import Rejection

__all__ = ["TRACERS", "Galaxy", "VelocityField"]

#: What moves: the stars, or the gas that shines in H-alpha.
TRACERS = ("stellar", "halpha")

VELOCITY = u.km / u.s
OFFSET = u.arcsec
INVERSE_VARIANCE = VELOCITY**-2


def check_tracer(tracer):
    """Raise a ValueError unless ``tracer`` is one of `TRACERS`."""
    if tracer not in TRACERS:
        msg = f"tracer={tracer!r} is not known; choose one of {', '.join(TRACERS)}"
        raise ValueError(msg)


def check_field(name, value):
    """Raise a TypeError unless ``value`` is a `VelocityField`; ``name`` is the argument's."""
    if not isinstance(value, VelocityField):
        has_fields = isinstance(value, Galaxy) or hasattr(value, "getMap")
        hint = (
            "choose one of its fields, such as read_maps(path).stellar"
            if has_fields
            else "make one with VelocityField.from_arrays or read_maps"
        )
        msg = f"{name} must be a VelocityField, not {type(value).__name__}; {hint}"
        raise TypeError(msg)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class VelocityField:
    """
    Line-of-sight velocities of one tracer over the face of a galaxy.

    Make one with `from_arrays`, or get one from `~mangapa.read_maps`. A field does not change: each
    step of the data's way returns a new one.

    Attributes
    ----------
    velocity : `~astropy.units.Quantity`
        Velocities, shape (ny, nx), km/s, relative to the systemic velocity that the file assumed.
    x, y : `~astropy.units.Quantity`
        Offsets from the galaxy's centre, shape (ny, nx), arcsec; +x is East, +y is North.
    mask : `~numpy.ndarray` of `bool`
        True where a spaxel is bad, shape (ny, nx).
    ivar : `~astropy.units.Quantity` or `None`
        Inverse variance of the velocities, shape (ny, nx).
    bin_id : `~numpy.ndarray` of `int` or `None`
        Which spaxels were binned together, shape (ny, nx); -1 where a spaxel is in no bin.
    tracer : `str`
        Either "stellar" or "halpha".
    galaxy : `str` or `None`
        Name of the galaxy; for MaNGA its plate-IFU.
    rejection : `~numpy.ndarray`
        For each spaxel the `~mangapa.flags.Rejection` bits of cleaning, shape (ny, nx); 0 where
        it was not touched.
    """

    velocity: u.Quantity
    x: u.Quantity
    y: u.Quantity
    mask: np.ndarray
    ivar: u.Quantity | None = None
    bin_id: np.ndarray | None = None
    tracer: str = "stellar"
    galaxy: str | None = None
    rejection: np.ndarray | None = None

    def __post_init__(self):
        if self.rejection is None:
            object.__setattr__(self, "rejection", np.zeros(self.velocity.shape, np.uint8))
        for array in vars(self).values():
            if isinstance(array, np.ndarray):
                array.setflags(write=False)

    @classmethod
    def from_arrays(
        cls,
        velocity,
        x,
        y,
        *,
        mask=None,
        ivar=None,
        bin_id=None,
        tracer="stellar",
        galaxy=None,
    ):
        """
        Make a field from plain arrays, of any survey.

        Spaxels that cannot be used are masked besides those in ``mask``: velocity or offset not
        finite, inverse variance not positive, or in no bin.

        Parameters
        ----------
        velocity : array_like or `~astropy.units.Quantity`
            Velocities, shape (ny, nx), km/s if unitless. Masked arrays bring their own mask.
        x, y : array_like or `~astropy.units.Quantity`
            Offsets from the galaxy's centre, same shape, arcsec if unitless; +x East, +y North.
        mask : array_like, optional
            Not zero (or True) where a spaxel is bad.
        ivar : array_like or `~astropy.units.Quantity`, optional
            Inverse variance of the velocities, (km/s)^-2 if unitless.
        bin_id : array_like of `int`, optional
            Spaxels that share a value were binned together; -1 is no bin.
        tracer : {"stellar", "halpha"}
            What the velocities are of.
        galaxy : `str`, optional
            A name for the galaxy.

        Returns
        -------
        `VelocityField`
            With copies of the arrays.

        Raises
        ------
        ValueError
            If a shape, a unit or the tracer does not fit.
        TypeError
            If an argument is not numeric.

        Examples
        --------
        >>> import numpy as np
        >>> from mangapa import VelocityField
        >>> y, x = np.mgrid[-5:5.5:0.5, 5:-5.5:-0.5]
        >>> VelocityField.from_arrays(10 * x, x, y, galaxy="toy")
        <VelocityField of toy, stellar: 21 x 21 spaxels, 441 good>
        """
        check_tracer(tracer)
        given_mask = getattr(velocity, "mask", None)
        velocity = _as_quantity("velocity", velocity, VELOCITY)
        if velocity.ndim != 2:
            msg = f"velocity must be a 2-D map, not {velocity.ndim}-D of shape {velocity.shape}"
            raise ValueError(msg)
        shape = velocity.shape
        x = _as_quantity("x", x, OFFSET, shape)
        y = _as_quantity("y", y, OFFSET, shape)
        bad = ~(np.isfinite(velocity) & np.isfinite(x) & np.isfinite(y))
        for given in (given_mask, mask):
            if given is not None:
                bad |= _as_array("mask", given, shape) != 0
        if ivar is not None:
            ivar = _as_quantity("ivar", ivar, INVERSE_VARIANCE, shape)
            bad |= ~(np.isfinite(ivar) & (ivar > 0))
        if bin_id is not None:
            bin_id = _as_array("bin_id", bin_id, shape)
            if bin_id.dtype.kind not in "iu":
                msg = f"bin_id must hold integers, not {bin_id.dtype}"
                raise TypeError(msg)
            bin_id = bin_id.astype(np.int64)
            bad |= bin_id < 0
        return cls(
            velocity=velocity,
            x=x,
            y=y,
            mask=np.array(bad, bool),
            ivar=ivar,
            bin_id=bin_id,
            tracer=tracer,
            galaxy=None if galaxy is None else str(galaxy),
        )

    @property
    def good(self):
        """True where a spaxel counts, shape (ny, nx)."""
        return ~self.mask

    @property
    def n_spaxels(self):
        """Number of good spaxels."""
        return int(np.count_nonzero(self.good))

    def plot(self, ax=None, **kwargs):
        """
        Draw the field; see `mangapa.plotting.plot_field` for the options.

        Parameters
        ----------
        ax : `~matplotlib.axes.Axes`, optional
            Where to draw; a new figure if not given.
        **kwargs
            Passed to `mangapa.plotting.plot_field`.

        Returns
        -------
        `~matplotlib.axes.Axes`
        """
        from mangapa.plotting import plot_field

        return plot_field(self, ax=ax, **kwargs)

    def __repr__(self):
        ny, nx = self.velocity.shape
        dropped = "".join(
            f", {np.count_nonzero(self.rejection & reason)} {reason.name.lower()}"
            for reason in Rejection
            if np.any(self.rejection & reason)
        )
        name = f" of {self.galaxy}" if self.galaxy else ""
        return (
            f"<VelocityField{name}, {self.tracer}: {ny} x {nx} spaxels, "
            f"{self.n_spaxels} good{dropped}>"
        )


class GalaxyRead(registry.UnifiedReadWrite):  # numpydoc ignore=PR01,PR02
    """
    Read a galaxy from a file, through `astropy.io.registry`.

    Parameters
    ----------
    path : path-like
        The file.
    format : `str`, optional
        Name of a registered reader; told from the file's name if not given.

    Returns
    -------
    `Galaxy`
    """

    def __init__(self, instance, cls):
        super().__init__(instance, cls, "read", registry=None)

    def __call__(self, path, *, format=None, **kwargs):
        if format is None:
            # Told from the name alone: the registry would hand a decompressed stream to the
            # reader, which could then not check the compressed file.
            known = registry.identify_format("read", self._cls, str(path), None, [path], kwargs)
            if len(known) != 1:
                msg = f"cannot tell the format of {path} from its name; say format='manga-maps'"
                raise registry.IORegistryError(msg)
            format = known[0]
        return self.registry.read(self._cls, path, format=format, **kwargs)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Galaxy:
    """
    The velocity fields of a galaxy, with what its file says about it.

    Attributes
    ----------
    stellar, halpha : `VelocityField` or `None`
        The fields; `None` where there is no map.
    plateifu, mangaid : `str` or `None`
        Identifiers.
    release : `str` or `None`
        Data release, such as DR17.
    daptype : `str` or `None`
        Analysis that made the maps, such as HYB10-MILESHC-MASTARSSP.
    header : `~astropy.io.fits.Header` or `dict`
        Primary header of the file.
    """

    stellar: VelocityField | None = None
    halpha: VelocityField | None = None
    plateifu: str | None = None
    mangaid: str | None = None
    release: str | None = None
    daptype: str | None = None
    header: dict = field(default_factory=dict)

    read = registry.UnifiedReadWriteMethod(GalaxyRead)

    def tracer(self, tracer):
        """
        The field of a tracer given by name.

        Parameters
        ----------
        tracer : {"stellar", "halpha"}
            Which one.

        Returns
        -------
        `VelocityField` or `None`
        """
        check_tracer(tracer)
        return getattr(self, tracer)

    def _card(self, name, unit=None):
        """A number from the header; `None` where it is absent or the DAP's -999."""
        value = self.header.get(name)
        if value is None or not np.isfinite(value) or value <= -999:
            value = np.nan
        return value if unit is None else value * unit

    @property
    def input_velocity(self):
        """The velocity (cz) that the fields are relative to: the card SCINPVEL, km/s."""
        return self._card("SCINPVEL", VELOCITY)

    @property
    def effective_radius(self):
        """Effective radius: the card REFF, arcsec."""
        return self._card("REFF", OFFSET)

    @property
    def photometric_pa(self):
        """Photometric position angle, North through East: the card ECOOPA, deg."""
        return self._card("ECOOPA", u.deg)

    @property
    def ellipticity(self):
        """Photometric ellipticity 1 - b/a: the card ECOOELL."""
        return self._card("ECOOELL")

    @property
    def dap_quality(self):
        """Bits of MANGA_DAPQUAL, `None` where the header has none."""
        return self._card("DAPQUAL")

    @property
    def drp_quality(self):
        """Bits of MANGA_DRP3QUAL, `None` where the header has none."""
        return self._card("DRP3QUAL")

    def __repr__(self):
        what = " ".join(str(s) for s in (self.plateifu, self.release, self.daptype) if s)
        maps = " and ".join(t for t in TRACERS if self.tracer(t) is not None) or "no map"
        return f"<Galaxy {what}: {maps}>"


def _as_array(name, values, shape=None):
    """Copy ``values`` to a plain native-endian array, of the shape that is asked for."""
    try:
        array = np.array(values, subok=False)
        array = array.astype(array.dtype.newbyteorder("="))
    except (TypeError, ValueError) as error:
        msg = f"{name} must be an array of numbers, not {type(values).__name__}"
        raise TypeError(msg) from error
    if array.dtype.kind not in "biuf":
        msg = f"{name} must be an array of numbers, not of {array.dtype}"
        raise TypeError(msg)
    if shape is not None and array.shape != shape:
        msg = f"{name} has shape {array.shape}, but velocity has {shape}: they must be equal"
        raise ValueError(msg)
    return array


def _as_quantity(name, values, unit, shape=None):
    """Copy ``values`` to a float64 Quantity in ``unit``, which is taken for granted if unitless."""
    given = getattr(values, "unit", None) or unit
    # A Marvin Map is a Quantity on which ufuncs raise, a Masked Quantity hides its values.
    values = getattr(values, "unmasked", values)
    values = getattr(values, "value", values) if given is not unit else values
    if isinstance(values, np.ma.MaskedArray):
        values = values.data
    array = _as_array(name, values, shape)
    try:
        return u.Quantity(array.astype(float), given).to(unit)
    except u.UnitConversionError as error:
        msg = f"{name} is in {given}, which is no unit of {unit.physical_type}; give it in {unit}"
        raise ValueError(msg) from error
