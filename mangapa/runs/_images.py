"""Images of velocity fields, small enough to store tens of thousands of them."""

import struct
import zlib
from dataclasses import dataclass

import numpy as np

from mangapa._utils.grid import grid_of
from mangapa.fields import OFFSET, VELOCITY

#: Before the velocities of a packed image: its shape and extent.
HEADER = struct.Struct("<2I4f")


@dataclass(frozen=True, kw_only=True, eq=False)
class FieldImage:
    """A cleaned velocity field as seen on the sky, cropped to its good spaxels."""

    #: km/s, (ny, nx), from the northernmost row and the easternmost column; NaN if not good.
    velocity: np.ndarray
    extent: tuple  # offsets of the edges, arcsec: east, west, south, north
    #: Velocity dispersion without the instrument's part, km/s, alike; `None` if it is not stored.
    dispersion: np.ndarray | None = None

    def to_bytes(self):
        """Pack the image into 1 to 4 kB, or twice that, to half a km/s."""
        content = HEADER.pack(*self.velocity.shape, *self.extent) + _deflated(self.velocity)
        if self.dispersion is not None:
            # Whole numbers deflate to half as much. Whoever expects one map takes the first.
            content += _deflated(np.rint(self.dispersion))
        return content

    @classmethod
    def from_bytes(cls, content):
        """Unpack what `to_bytes` packed."""
        ny, nx, *extent = HEADER.unpack_from(content)
        velocity, rest = _inflated(content[HEADER.size :], (ny, nx))
        dispersion = _inflated(rest, (ny, nx))[0] if rest else None
        return cls(velocity=velocity, extent=tuple(extent), dispersion=dispersion)


def _deflated(values):
    halves = values.astype("<f2", order="C")
    # Deflate finds more in equal bytes side by side: the first have signs and exponents.
    content = np.stack([halves.view("u1")[:, 1::2], halves.view("u1")[:, ::2]]).tobytes()
    return zlib.compress(content)


def _inflated(content, shape):
    """The first map in what `_deflated` packed, and the bytes after it."""
    unpacker = zlib.decompressobj()
    parts = np.frombuffer(unpacker.decompress(content), "u1").reshape(2, *shape)
    halves = np.stack([parts[1], parts[0]], axis=-1).view("<f2")[..., 0]
    return halves.astype(np.float32), unpacker.unused_data


def image_of(field, *, with_dispersion=False):
    """
    The image of a cleaned field; `None` without good spaxels or a grid along East and North.

    Dispersions are part of it if they are wanted, and if the field has any.
    """
    good, x, y = field.good, field.x.to_value(OFFSET), field.y.to_value(OFFSET)
    grid = grid_of(x, y, field._placed)
    if not good.any() or grid is None or not grid.is_aligned:
        return None
    rows, columns = (np.flatnonzero(good.any(axis=axis)) for axis in (1, 0))
    first, last = np.array([columns[0], rows[0]]), np.array([columns[-1], rows[-1]])
    (left, bottom), (right, top) = grid.places(*first - 0.5), grid.places(*last + 0.5)

    def seen(values):
        shown = np.where(good, values.to_value(VELOCITY), np.nan)
        shown = shown[first[1] : last[1] + 1, first[0] : last[0] + 1]
        return shown[:: -1 if bottom < top else 1, :: -1 if left < right else 1]

    edges = max(left, right), min(left, right), min(bottom, top), max(bottom, top)
    dispersion = (
        seen(field.intrinsic_dispersion)
        if with_dispersion and field.dispersion is not None
        else None
    )
    if dispersion is not None and not np.isfinite(dispersion).any():
        dispersion = None
    return FieldImage(
        velocity=seen(field.velocity),
        extent=tuple(float(edge) for edge in edges),
        dispersion=dispersion,
    )
