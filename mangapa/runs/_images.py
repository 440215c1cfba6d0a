"""Images of velocity fields, small enough to store tens of thousands of them."""

import io
from dataclasses import dataclass

import numpy as np

from mangapa.fields import OFFSET, VELOCITY

#: Largest deviation of a regular grid from straight lines, as a fraction of a step: more than the
#: rounding of offsets in files, less than the eye sees in an image.
IRREGULAR = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class FieldImage:
    """
    A cleaned velocity field as seen on the sky, cropped to its good spaxels.

    Attributes
    ----------
    velocity : `~numpy.ndarray`
        km/s, shape (ny, nx). The first row is the northernmost and the first column the
        easternmost. NaN where the spaxel is not good.
    extent : `tuple` of `float`
        Offsets of the edges, arcsec: east, west, south, north.
    """

    velocity: np.ndarray
    extent: tuple

    def to_bytes(self):
        """Pack the image as a compressed ``.npz`` of 1 to 4 kB, to half a km/s."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer, velocity=self.velocity.astype(np.float16), extent=np.float32(self.extent)
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content):
        """Unpack what `to_bytes` packed."""
        with np.load(io.BytesIO(content), allow_pickle=False) as parts:
            return cls(
                velocity=parts["velocity"].astype(np.float32),
                extent=tuple(parts["extent"].tolist()),
            )


def image_of(field):
    """
    The image of a cleaned field.

    `None` if no spaxel is good, or if the spaxels do not lie on a regular grid along East and
    North.
    """
    good = field.good
    if not good.any():
        return None
    x, y = field.x.to_value(OFFSET), field.y.to_value(OFFSET)
    steps = np.array([_step(x, axis=1), _step(y, axis=0)])
    if not (steps > 0).all():
        return None
    velocity = np.where(good, field.velocity.to_value(VELOCITY), np.nan)
    if x[0, 0] < x[0, -1]:
        x, y, velocity = x[:, ::-1], y[:, ::-1], velocity[:, ::-1]
    if y[0, 0] < y[-1, 0]:
        x, y, velocity = x[::-1], y[::-1], velocity[::-1]
    seen = np.isfinite(velocity)
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    crop = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    half_x, half_y = steps / 2
    x, y = x[crop], y[crop]
    edges = x[0, 0] + half_x, x[0, -1] - half_x, y[-1, 0] - half_y, y[0, 0] + half_y
    return FieldImage(velocity=velocity[crop], extent=tuple(float(edge) for edge in edges))


def _step(offsets, axis):
    """Distance between neighbours along an axis; 0 if the grid is not regular."""
    if offsets.shape[axis] < 2 or not np.isfinite(offsets).all():
        return 0.0
    along, across = np.diff(offsets, axis=axis), np.ptp(offsets, axis=1 - axis)
    step = abs(along.mean())
    irregularity = max(np.ptp(along), across.max())
    return step if irregularity < IRREGULAR * step else 0.0
