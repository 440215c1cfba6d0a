"""The images of a file, and those of them that are velocities, errors and masks."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.io import fits

from mangapa._utils.cards import sound_cards
from mangapa._utils.files import printable, stem
from mangapa.exceptions import GalaxyFileError
from mangapa.fields import TRACERS
from mangapa.formats._files import open_hdus
from mangapa.formats._image_names import STELLAR, guessed_unit, kind_of, speed_unit, without_fills
from mangapa.formats._sky import has_celestial_axes
from mangapa.formats._values import inverse_variance

__all__ = ["ImageMap", "bad_spaxels", "maps_in", "only_map", "refusal", "variance", "velocities_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageMap:
    """An image with two axes: what it is, and of what, as far as its name and header tell."""

    path: Path
    name: str  # of the HDU, or else of the file
    kind: str | None  # such as "velocity"; None if nothing tells
    unit: u.UnitBase | str | None  # text if it is not one of speed; None if none is stated
    values: np.ndarray  # shape (ny, nx)
    header: fits.Header  # of the HDU, or the primary one if only that has coordinates
    cards: dict  # of both
    is_stellar: bool

    @property
    def is_speed(self):
        """Whether the unit is one of speed."""
        return isinstance(self.unit, u.UnitBase)

    def in_km_s(self, unit):
        """Velocities, km/s, NaN where missing, and what they were multiplied by."""
        values = without_fills(self.values)
        stated = self.unit if self.is_speed else u.Unit(unit or guessed_unit(values))
        scale = stated.to("km/s")
        return values * scale, scale

    def of_shape(self, shape, path):
        """The values, if they have the shape of the velocities."""
        if self.values.shape != shape:
            msg = (
                f"{printable(path)}: the {self.kind} {printable(self.name)} has the shape "
                f"{self.values.shape}, and the velocities {shape}; give the one that belongs to "
                "them"
            )
            raise GalaxyFileError(msg)
        return self.values


def maps_in(*paths):
    """The images of files with two axes that are longer than 1, and the names of the cubes."""
    maps, cubes = [], []
    for path in paths:
        with open_hdus(path, lambda hdu: len(hdu.shape) > 1 and not hdu.columns) as hdus:
            images = [hdu for hdu in hdus if hdu.is_image and np.squeeze(hdu.data).ndim >= 2]
            untold = [hdu for hdu in images if kind_of(hdu.name) is None]
            for hdu in images:
                # The name of the file is that of one image at most.
                is_main = hdu in untold and (hdu is hdus[0] or len(untold) == 1)
                if np.squeeze(hdu.data).ndim == 2:
                    kind = kind_of(stem(path) if is_main else hdu.name)
                    maps.append(_map_of(hdu, kind, hdus[0].header, path))
                else:
                    cubes.append(printable(_name_of(hdu, path)))
    return maps, cubes


def _name_of(hdu, path):
    return stem(path) if hdu.name in ("", "PRIMARY") else hdu.name


def _map_of(hdu, kind, primary, path):
    name, header = _name_of(hdu, path), sound_cards(hdu.header)
    return ImageMap(
        path=path,
        name=name,
        kind=kind,
        unit=speed_unit(header),
        values=np.squeeze(hdu.data).copy(),
        header=header if has_celestial_axes(header) else primary.copy(),
        cards={**primary, **header},
        is_stellar=STELLAR.search(f"{name} {stem(path)}") is not None,
    )


def velocities_of(maps, unit, tracer):
    """The map of velocities of each tracer, by tracer: those named so, or else in such a unit."""
    usable = [one for one in maps if unit or one.is_speed or one.unit is None]
    named = [one for one in usable if one.kind == "velocity"]
    others = [one for one in usable if one.kind is None and (unit or one.is_speed)]
    first = {}
    for one in named or others[:1]:
        first.setdefault(TRACERS[not one.is_stellar], one)
    if tracer and first:
        first = {tracer: first.get(tracer, (named or others)[0])}
    return first


def refusal(maps, cubes):
    """Why none of the images of a file is of velocities, and the way out."""
    way_out = "name the map of the velocities (moment 1) of this galaxy"
    if cubes:
        return f"holds a cube ({', '.join(cubes)}) and no map of velocities; {way_out}"
    units = sorted({str(one.unit) for one in maps if one.unit is not None and not one.is_speed})
    if units:
        return f"holds values in {', '.join(map(repr, units))}, which are not velocities; {way_out}"
    kinds = sorted({one.kind for one in maps if one.kind not in (None, "velocity")})
    if kinds:
        return f"is a map of the {' and the '.join(kinds)}, not of velocities; {way_out}"
    return (
        "does not state what its values are; if they are velocities, write their unit to the card "
        "BUNIT of its header, or read it with Galaxy.read(path, unit='km/s')"
    )


def only_map(path, kind):
    """The map of another file that holds errors or a mask."""
    maps, _ = maps_in(path)
    of_kind = [one for one in maps if one.kind == kind]
    of_kind += [one for one in maps if kind == "error" and one.kind == "inverse variance"]
    chosen = of_kind or [replace(one, kind=kind) for one in maps]
    if not chosen:
        msg = f"{printable(path)} holds no image; name the map of the {kind}"
        raise GalaxyFileError(msg)
    return chosen[0]


def variance(maps, scale, shape, path):
    """Inverse variance from a map of it or of errors, (km/s)^-2; `None` without one."""
    for one in maps:
        if one.kind == "error":
            factor = one.unit.to("km/s") if one.is_speed else scale
            return inverse_variance(one.of_shape(shape, path) * factor)
        if one.kind == "inverse variance":
            return one.of_shape(shape, path) / scale**2
    return None


def bad_spaxels(maps, is_finite, path):
    """Where a mask says that spaxels are bad; `None` without one."""
    for one in maps:
        if one.kind == "mask":
            is_set = one.of_shape(is_finite.shape, path) != 0
            # Masks of sources are set on the signal; then nothing is left where they are not.
            return is_set if is_finite[~is_set].any() else ~is_set
    return None
