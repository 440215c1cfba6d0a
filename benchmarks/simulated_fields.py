"""Read the fields of an independent simulator, with known truth, from the folder of shared data."""

import json
from dataclasses import dataclass

import numpy as np
from real_fields import SHARED_DATA

from mangapa import VelocityField

FOLDER = SHARED_DATA / "simulated"
#: Families without structure beyond a disc, each galaxy once: the error of the noise must hold.
NOISE_ONLY = (
    *("plain", "plain-hs", "plain-outl", "plain-same", "lowinc", "edge", "lowsn", "lowsn-s12"),
    *("foot", "faintlim", "wedge", "side", "nirvana-axi"),
)


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """A simulated field, with its parameters as the simulator's README describes them."""

    family: str
    number: int  # within the family
    params: dict
    velocity: np.ndarray  # km/s, NaN where there is nothing
    error: np.ndarray  # km/s
    bin_id: np.ndarray  # -1 where there is nothing
    x: np.ndarray  # arcsec, +x East
    y: np.ndarray
    true_velocity: np.ndarray  # without noise, seen by the same instrument

    @property
    def pa(self):
        """True position angle of the receding side, degrees."""
        return self.params["pa"] % 360

    @property
    def field(self):
        """The field as a map."""
        return self._map(self.velocity)

    @property
    def noiseless(self):
        """The field without noise."""
        return self._map(self.true_velocity)

    def _map(self, velocity):
        return VelocityField.from_arrays(
            velocity,
            self.x,
            self.y,
            mask=~np.isfinite(velocity) | ~(self.error > 0) | (self.bin_id < 0),
            ivar=np.where(self.error > 0, self.error, np.inf) ** -2.0,
            bin_id=self.bin_id,
            galaxy=f"{self.family}-{self.number}",
        )

    @property
    def bin_centres(self):
        """The same bins as a list of points: the mean offsets, velocities and errors."""
        good = np.isfinite(self.velocity) & (self.error > 0) & (self.bin_id >= 0)
        _, bins = np.unique(self.bin_id[good], return_inverse=True)
        count = np.bincount(bins)
        x, y, velocity, error = (
            np.bincount(bins, values[good]) / count
            for values in (self.x, self.y, self.velocity, self.error)
        )
        return VelocityField.from_arrays(
            velocity, x, y, ivar=error**-2.0, galaxy=f"{self.family}-{self.number}"
        )


def families():
    """Return the names of all families, suffixes included."""
    return sorted(path.stem for path in FOLDER.glob("*.npz"))


def simulated_fields(*names):
    """Yield the fields of these families, or of all."""
    for family in names or families():
        with np.load(FOLDER / f"{family}.npz") as file:
            arrays = {name: file[name] for name in file.files}
        params = json.loads(str(arrays.pop("params")))
        for number, (parameters, (ny, nx)) in enumerate(zip(params, arrays["shape"], strict=True)):
            velocity, error, bin_id, x, y, true = (
                arrays[name][number, :ny, :nx] for name in ("v", "err", "bin", "x", "y", "true")
            )
            yield Simulated(
                family=family,
                number=number,
                params=parameters,
                velocity=velocity.astype(float),
                error=error.astype(float),
                bin_id=bin_id.astype(int),
                x=x.astype(float),
                y=y.astype(float),
                true_velocity=true.astype(float),
            )
