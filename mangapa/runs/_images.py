"""What a field looks like, small enough to be kept by the ten thousand."""

import io
from dataclasses import dataclass

import numpy as np

from mangapa.fields import OFFSET, VELOCITY

__all__ = ["FieldImage", "image_of"]

#: Offsets of a regular grid deviate from straight lines by less than this share of a step.
IRREGULAR = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class FieldImage:
    """
    A cleaned velocity field as it is seen on the sky, cut to what was observed.

    Attributes
    ----------
    velocity : `~numpy.ndarray`
        km/s, shape (ny, nx), to half a km/s; the first row is the northernmost, the first column
        the easternmost. NaN where there is no good spaxel.
    extent : `tuple` of `float`
        Offsets of the edges, arcsec: east, west, south, north.
    """

    velocity: np.ndarray
    extent: tuple

    def to_bytes(self):
        """
        Pack the image.

        Returns
        -------
        `bytes`
            A compressed ``.npz``, 1 to 4 kB.
        """
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer, velocity=self.velocity.astype(np.float16), extent=np.float32(self.extent)
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content):
        """
        Unpack an image.

        Parameters
        ----------
        content : `bytes`
            What `to_bytes` gave.

        Returns
        -------
        `FieldImage`
        """
        with np.load(io.BytesIO(content), allow_pickle=False) as parts:
            return cls(
                velocity=parts["velocity"].astype(np.float32),
                extent=tuple(parts["extent"].tolist()),
            )


def image_of(field):
    """
    The image of a field.

    Parameters
    ----------
    field : `~mangapa.VelocityField`
        Cleaned.

    Returns
    -------
    `FieldImage` or `None`
        `None` if no spaxel is good, or the spaxels are on no regular grid along East and North.
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
    cut = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    half_x, half_y = steps / 2
    return FieldImage(
        velocity=velocity[cut],
        extent=(
            float(x[cut][0, 0] + half_x),
            float(x[cut][0, -1] - half_x),
            float(y[cut][-1, 0] - half_y),
            float(y[cut][0, 0] + half_y),
        ),
    )


def _step(offsets, axis):
    """Distance of neighbours along an axis; 0 if they are no regular grid."""
    if offsets.shape[axis] < 2 or not np.isfinite(offsets).all():
        return 0.0
    along, across = np.diff(offsets, axis=axis), np.ptp(offsets, axis=1 - axis)
    step = abs(along.mean())
    irregular = max(np.ptp(along), across.max()) / max(step, 1e-12)
    return step if irregular < IRREGULAR else 0.0
