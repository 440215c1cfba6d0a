"""
How many flags by eye are saved by asking for those of which the network is least sure?

    python benchmarks/active_learning.py --out docs/figures/active_learning.png

The same learner learns twice: from galaxies in random order, and from those of which it is least sure.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from real_fields import SHARED_DATA

from mangapa.classification.features import describe
from mangapa.classification.labels import read_labelled
from mangapa.classification.predict import pair_inputs, partners


def described():
    """Inputs, classes, galaxies and groups of all fields with a flag and a partner."""
    cache = Path(tempfile.gettempdir()) / "mangapa-active-learning.npz"
    if not cache.is_file():
        labelled = read_labelled(SHARED_DATA, progress=True)
        prepared = [describe(field)[0] for field in labelled.fields]
        together = partners(labelled.fields, prepared)
        rows = [row for row, partner in enumerate(together) if partner is not None]
        np.savez(
            cache,
            inputs=[pair_inputs(prepared[row], prepared[together[row]]) for row in rows],
            classes=labelled.classes[rows],
            groups=labelled.groups[rows],
            galaxies=[labelled.fields[row].galaxy for row in rows],
        )
    with np.load(cache) as parts:
        return dict(parts)


if __name__ == "__main__":
    described()
