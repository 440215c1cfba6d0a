"""A small survey with flags, and models on disk."""

import csv
import json
import shutil

import numpy as np
import pytest

import mangapa
from mangapa.usability._network import Network, save_networks
from mangapa.usability.model import SHIPPED


@pytest.fixture(scope="session")
def survey(tmp_path_factory):
    """Fifteen galaxies as MAPS files and fifteen as arrays; a third of the fields is noise."""
    folder = tmp_path_factory.mktemp("survey")
    rows = []
    for number in range(30):
        name = f"{8000 + number}-1901"
        rotates = number % 3 > 0
        galaxy = mangapa.simulate_galaxy(
            plateifu=name, n_fibres=19, v_max=200 if rotates else 0.01, snr=15, seed=number
        )
        if number % 2:
            mangapa.write_maps(galaxy, folder / f"manga-{name}-MAPS-VOR10.fits.gz")
        else:
            for tracer in ("stellar", "halpha"):
                field = galaxy.tracer(tracer)
                np.savez(
                    folder / f"{name}-{tracer}.npz",
                    velocity=field.velocity.value,
                    x=field.x.value,
                    y=field.y.value,
                    mask=field.mask,
                )
        flag = 1 + number % 2 if rotates else 0
        rows.append((name, f"1-{number // 2}", flag, "" if number == 1 else flag))
    with open(folder / "labels.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["plateifu", "mangaid", "stel_qual", "halpha_qual"])
        writer.writerows(rows)
    return folder


@pytest.fixture
def fcn(tmp_path):
    """A copy of a shipped model, like one that a user has trained."""
    for suffix in (".json", ".npz", ".keras"):
        shutil.copy(SHIPPED / f"fcn{suffix}", tmp_path)
    return tmp_path


@pytest.fixture
def default(tmp_path):
    """A copy of the default model for numpy."""
    for suffix in (".json", ".npz"):
        shutil.copy(SHIPPED / f"default{suffix}", tmp_path)
    return tmp_path


@pytest.fixture
def edit_card():
    """A function that applies a change to the card in a folder."""

    def edit(folder, change):
        (path,) = folder.glob("*.json")
        card = json.loads(path.read_text())
        change(card)
        path.write_text(json.dumps(card))

    return edit


@pytest.fixture
def networks(tmp_path):
    """Two random ensembles, like those of the default model, and their file."""
    rng = np.random.default_rng(0)

    def random(*shape):
        return rng.normal(size=shape).astype("f4")

    made = {
        name: Network(
            kernels=[random(2, n_inputs, 4), random(2, 4, 3)],
            biases=[random(2, 1, 4), random(2, 1, 3)],
            activations=["silu", "softmax"],
            centre=random(n_inputs),
            spread=np.full(n_inputs, 2, "f4"),
            limit=4.0,
            slope=1.2,
            offset=-0.1,
        )
        for name, n_inputs in (("alone", 5), ("together", 7))
    }
    save_networks(tmp_path / "networks.npz", made)
    return made, tmp_path / "networks.npz"
