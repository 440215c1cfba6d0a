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

    def to_bytes(self):
        """Pack the image into 1 to 4 kB, to half a km/s."""
        halves = self.velocity.astype("<f2", order="C")
        # Deflate finds more in equal bytes side by side: the first have signs and exponents.
        content = np.stack([halves.view("u1")[:, 1::2], halves.view("u1")[:, ::2]]).tobytes()
        return HEADER.pack(*halves.shape, *self.extent) + zlib.compress(content)

    @classmethod
    def from_bytes(cls, content):
        """Unpack what `to_bytes` packed."""
        ny, nx, *extent = HEADER.unpack_from(content)
        parts = np.frombuffer(zlib.decompress(content[HEADER.size :]), "u1").reshape(2, ny, nx)
        halves = np.stack([parts[1], parts[0]], axis=-1).view("<f2")[..., 0]
        return cls(velocity=halves.astype(np.float32), extent=tuple(extent))


def image_of(field):
    """The image of a cleaned field; `None` without good spaxels or a grid along East and North."""
    good, x, y = field.good, field.x.to_value(OFFSET), field.y.to_value(OFFSET)
    grid = grid_of(x, y, field._placed)
    if not good.any() or grid is None or not grid.is_aligned:
        return None
    rows, columns = (np.flatnonzero(good.any(axis=axis)) for axis in (1, 0))
    first, last = np.array([columns[0], rows[0]]), np.array([columns[-1], rows[-1]])
    velocity = np.where(good, field.velocity.to_value(VELOCITY), np.nan)
    velocity = velocity[first[1] : last[1] + 1, first[0] : last[0] + 1]
    (left, bottom), (right, top) = grid.places(*first - 0.5), grid.places(*last + 0.5)
    if left < right:
        velocity = velocity[:, ::-1]
    if bottom < top:
        velocity = velocity[::-1]
    edges = max(left, right), min(left, right), min(bottom, top), max(bottom, top)
    return FieldImage(velocity=velocity, extent=tuple(float(edge) for edge in edges))
