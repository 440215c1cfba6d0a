"""What gives the light of a simulated field: discs and a neighbour, as layers."""

from dataclasses import dataclass, replace

import numpy as np

from mangapa._utils.robust import FWHM
from mangapa.simulate._components import Dispersion, Warp
from mangapa.simulate._disc import Disc
from mangapa.simulate._losvd import Layer


@dataclass(frozen=True, kw_only=True)
class Source:
    """A disc with a velocity dispersion, whose light is a multiple of that of a disc."""

    disc: Disc
    dispersion: Dispersion
    light: Disc
    factor: float = 1.0


def counter_source(disc, counter, dispersion):
    """Make the source of a counter-rotating disc from the main disc and its dispersion."""
    second = Disc(
        pa=(disc.pa + counter.turn) % 360,
        inclination=disc.inclination,
        reff=disc.reff * counter.scale,
        v_max=disc.v_max * counter.rotation,
        turnover=disc.turnover,
        thickness=disc.thickness if counter.thickness is None else counter.thickness,
        warp=disc.warp,
    )
    ratio = counter.mass_fraction / (1 - counter.mass_fraction)
    return Source(
        disc=second,
        dispersion=falling(counter.dispersion or dispersion, second),
        light=second,
        factor=ratio * disc.light / second.light,
    )


def falling(dispersion, disc):
    """Give a dispersion without a radius that of a disc of constant thickness."""
    if dispersion.radius is not None:
        return dispersion
    return replace(dispersion, radius=2 * disc.scale_length)


def layers_of(sources, x, y, line_width, known):
    """
    Layers of all sources at offsets.

    Parameters
    ----------
    sources : iterable of `Source`
        The discs.
    x, y : `~numpy.ndarray`
        Offsets, arcsec.
    line_width : `float`
        Width of the lines of a source without dispersion, km/s.
    known : `dict`
        Layers of discs that have been calculated for these offsets; others are added.

    Returns
    -------
    `list` of `Layer`
    """
    made = []
    for source in sources:
        for disc in {source.disc, source.light} - known.keys():
            known[disc] = list(disc.layers(x, y))
        layers = known[source.disc]
        factor = source.factor
        if source.light != source.disc:
            factor = factor * _total(known[source.light]) / _total(layers)
        for layer in layers:
            width = np.hypot(source.dispersion.at(layer.radius), line_width)
            made.append(replace(layer, light=layer.light * factor, dispersion=width))
    return made


def light_of(sources, x, y):
    """Sum of the light of sources at offsets."""
    return sum(source.factor * source.light.observe(x, y)[0].sum() for source in sources)


def neighbour_layer(neighbour, x, y, in_field, line_width):
    """Layer of a neighbour, whose lines are as narrow as the instrument sees them."""
    width = neighbour.fwhm / FWHM
    distance = np.hypot(x - neighbour.x, y - neighbour.y)
    light = np.exp(-((distance / width) ** 2) / 2) / (2 * np.pi * width**2)
    return Layer(
        light=light * neighbour.flux * in_field,
        velocity=np.full(x.shape, neighbour.velocity),
        radius=distance,
        dispersion=np.full(x.shape, line_width),
    )


def _total(layers):
    return sum(layer.light for layer in layers)


def warp_of(warp, inclination, edge, turn):
    """Check a warp, or make one of a number, and give it an outer radius."""
    if not isinstance(warp, Warp):
        warp = Warp(turn=turn.check("warp", warp))
    if not 0 <= inclination + warp.tilt <= 90:
        msg = (
            f"tilt={warp.tilt:g} of Warp makes an inclination of {inclination + warp.tilt:g} deg; "
            "it must be between 0 and 90"
        )
        raise ValueError(msg)
    if warp.outer is not None:
        return warp
    if warp.inner >= edge:
        msg = (
            f"inner={warp.inner:g} of Warp must be smaller than the radius of the field, "
            f"{edge:g} arcsec, unless outer is given"
        )
        raise ValueError(msg)
    return replace(warp, outer=edge)
