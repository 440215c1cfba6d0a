"""How far the descriptors of a field are from those of the fields that a network was trained on."""

from dataclasses import asdict, dataclass, fields

import numpy as np

#: Share of the training fields that are familiar.
FAMILIAR_SHARE = 0.99
#: Standardised descriptors are clipped here: beyond, all are equally strange, and logarithms of
#: numbers that vanish reach a hundred standard deviations.
CLIPPED = 8.0
#: Added to the variances of the standardised descriptors, some of which nearly depend on others.
RIDGE = 0.01
#: Prefix of the arrays in the file of the networks.
PREFIX = "familiar"


@dataclass(frozen=True, kw_only=True, eq=False)
class Familiarity:
    """The Mahalanobis distance from the training fields, over that of the last familiar one."""

    centre: np.ndarray  # of the descriptors, (n,)
    spread: np.ndarray  # (n,)
    whitening: np.ndarray  # of standardised and clipped descriptors, (n, n)
    shift: np.ndarray  # the whitened mean, (n,)

    @classmethod
    def of(cls, inputs):
        """Learn the distance from the descriptors of training fields, shape (m, n)."""
        inputs = np.asarray(inputs, float)
        centre, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
        clipped = np.clip((inputs - centre) / spread, -CLIPPED, CLIPPED)
        covariance = np.cov(clipped.T) + RIDGE * np.eye(centre.size)
        whitening = np.linalg.inv(np.linalg.cholesky(covariance))
        learned = {"centre": centre, "spread": spread}
        shift = whitening @ clipped.mean(axis=0)
        found = cls(**learned, whitening=whitening, shift=shift)
        farthest = np.quantile([found(one) for one in inputs], FAMILIAR_SHARE)
        return cls(**learned, whitening=whitening / farthest, shift=shift / farthest)

    def __call__(self, values):
        """Unfamiliarity of one field's descriptors, shape (n,)."""
        clipped = np.clip((values - self.centre) / self.spread, -CLIPPED, CLIPPED)
        return float(np.linalg.norm(self.whitening @ clipped - self.shift))

    def arrays(self):
        """The arrays by their names in a file."""
        return {f"{PREFIX}.{name}": value for name, value in asdict(self).items()}


def load_familiarity(file):
    """Read `Familiarity` from the file of the networks; `None` if it has none."""
    names = [f"{PREFIX}.{field.name}" for field in fields(Familiarity)]
    with np.load(file, allow_pickle=False) as archive:
        if not {*names} <= {*archive.files}:
            return None
        found = {name.partition(".")[2]: archive[name] for name in names}
    n = found["centre"].size
    shapes = {name: value.shape for name, value in found.items()}
    if shapes != {"centre": (n,), "spread": (n,), "whitening": (n, n), "shift": (n,)}:
        msg = f"the familiarity has arrays of the shapes {shapes}"
        raise ValueError(msg)
    if not all(np.isfinite(value).all() for value in (*found.values(), 1 / found["spread"])):
        msg = "the familiarity contains numbers that are not finite"
        raise ValueError(msg)
    return Familiarity(**found)
