"""All options of a measurement as one value, the same for Python, Marvin, surveys and commands."""

import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from mangapa._utils.options import check_names, option
from mangapa._utils.positions import as_text, sky_position
from mangapa.archive._configuration import conf
from mangapa.catalogue.columns import STANDARD, groups_named
from mangapa.cleaning import CleanSettings
from mangapa.fitting._settings import CENTRES, FitSettings
from mangapa.formats._settings import ReadSettings

__all__ = ["MeasurementSettings"]


@dataclass(frozen=True, kw_only=True)
class MeasurementSettings(ReadSettings, CleanSettings, FitSettings):
    """
    The options of a measurement: validated, hashable, and plain enough for JSON.

    Settings that mean the same are equal, however they were given: numbers become floats,
    quantities become numbers in km/s, and "default" becomes the method that it stands for.

    Attributes
    ----------
    sigma, min_region
        Thresholds of `~mangapa.clean`.
    method, error, n_steps, velocity_error, v_sys, noise_correlation
        Options of `~mangapa.fit_pa`.
    binning, components
        Which of several maps of a galaxy is read, for surveys that have more than one.
    centre : `str`
        What the angle is measured about: "given", the centre that the file states, or the kinematic
        one if it states none; "fit", the kinematic centre; or a position on the sky: RA and Dec as
        `~astropy.coordinates.SkyCoord`, as two numbers in degrees, or as text in degrees or, with
        colons, in hours and degrees. It becomes text in degrees.
    model : `str`
        The model of `~mangapa.usability` that judges the fields.
    columns : `str`
        Groups of columns that are measured and written, as text with commas or as a sequence of
        names. "standard" is always among them; "kinematics" adds kinemetry, kinematic classes, the
        angle against the light, lambda_R and the spin vector, which take longer. It becomes text.

    Raises
    ------
    TypeError, ValueError
        If a value is of the wrong type or out of its range.

    Examples
    --------
    >>> from astropy import units as u
    >>> from mangapa import MeasurementSettings
    >>> settings = MeasurementSettings(velocity_error=0.01 * u.km / u.ms, sigma=3)
    >>> settings.velocity_error, settings.sigma, settings.method
    (10.0, 3.0, 'disc')
    >>> settings == MeasurementSettings(velocity_error=10, method="disc")
    True
    """

    centre: str = option(
        "given",
        'what the angle is measured about: the "given" centre (if the file states one), the '
        'kinematic centre ("fit"), or a position, such as 188.1,12.3 or 12:34:56,+12:34:56',
        metavar="given|fit|RA,DEC",
    )
    model: str = option(
        "default", "name or path of the model that judges if fields can be used", metavar="MODEL"
    )
    columns: str = option(
        STANDARD,
        'groups of columns that are measured and written: "kinematics" adds kinemetry, classes, '
        'the angle against the light, lambda_R and spin vectors to the "standard" ones',
        metavar="GROUP[,GROUP]",
    )

    def __post_init__(self):
        ReadSettings.__post_init__(self)
        CleanSettings.__post_init__(self)
        FitSettings.__post_init__(self)
        if not isinstance(self.model, (str, os.PathLike)):
            msg = f"model must be a name or a path, not {type(self.model).__name__}"
            raise TypeError(msg)
        model = os.fspath(self.model)
        # A path means the same file wherever a worker runs.
        is_path = isinstance(self.model, os.PathLike) or os.path.dirname(model)
        object.__setattr__(self, "model", str(Path(model).absolute()) if is_path else model)
        object.__setattr__(self, "columns", ",".join(groups_named(self.columns)))

    def measures(self, group: str) -> bool:
        """
        Whether a group of columns is measured.

        Parameters
        ----------
        group : `str`
            Name of the group, such as "kinematics".

        Returns
        -------
        `bool`
        """
        return group in self.columns.split(",")

    def _check_centre(self):
        if not (isinstance(self.centre, str) and self.centre in CENTRES):
            text = as_text(sky_position("centre", self.centre))
            object.__setattr__(self, "centre", text)

    @classmethod
    def from_options(
        cls, settings: "MeasurementSettings | None" = None, **options: Any
    ) -> "MeasurementSettings":
        """
        Combine settings with options that are given by name.

        Parameters
        ----------
        settings : `MeasurementSettings`, optional
            Where to start from; ``mangapa.conf.settings``, then the defaults, if not given.
        **options
            Values that replace those of ``settings``.

        Returns
        -------
        `MeasurementSettings`

        Raises
        ------
        TypeError, ValueError
            If an option is unknown, of the wrong type or out of its range.
        """
        if settings is not None and not isinstance(settings, cls):
            msg = f"settings must be MeasurementSettings, not {type(settings).__name__}"
            raise TypeError(msg)
        check_names(options, cls, "a measurement")
        start = cls._configured() if settings is None else settings.as_dict()
        return cls(**{**start, **options})

    @classmethod
    def _configured(cls):
        """The options in ``mangapa.conf.settings``, by name."""
        pairs = (item.partition("=") for item in conf.settings)
        texts = {name.strip(): text.strip() for name, _, text in pairs}
        check_names(texts, cls, "a measurement, in mangapa.conf.settings,")
        parsers = {one.name: one.metadata["parse"] for one in fields(cls)}
        try:
            return {name: parsers[name](text) for name, text in texts.items()}
        except ValueError as error:
            msg = f"mangapa.conf.settings={conf.settings!r} is not valid: {error}"
            raise ValueError(msg) from error

    def as_dict(self) -> dict:
        """
        The settings as plain values, as JSON takes them.

        Returns
        -------
        `dict`
            Value by name.
        """
        return asdict(self)
