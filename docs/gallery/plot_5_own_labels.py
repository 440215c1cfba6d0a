"""
A network for your own survey
=============================

For another survey, or another definition of a usable field, train a network on your own flags.
"""

import csv
import tempfile
from pathlib import Path

import matplotlib.image
import numpy as np
from matplotlib import pyplot as plt

import mangapa
from mangapa.usability.evaluation import draw, evaluate, judged
from mangapa.usability.training import train

# %%
# The data are forty galaxies as arrays, half of them noise, and a table of flags: 0 do not use, 1
# messy, 2 clean. A real survey should provide a few hundred.
folder = Path(tempfile.mkdtemp())
rng = np.random.default_rng(5)
flags = []
for number in range(40):
    name, usable = f"galaxy-{number:02d}", number % 2
    for tracer in ("stellar", "halpha"):
        galaxy = mangapa.simulate_galaxy(
            n_fibres=19,
            v_max=150 if usable else 1,
            snr=8,
            seed=2 * number + (tracer == "halpha"),
        )
        field = galaxy.tracer(tracer)
        velocity = field.velocity.value
        if not usable:
            velocity = rng.normal(scale=60, size=velocity.shape)
        np.savez(
            folder / f"{name}-{tracer}.npz",
            velocity=velocity,
            x=field.x.value,
            y=field.y.value,
            mask=field.mask,
        )
    flags.append({"plateifu": name, "stel_qual": 2 * usable, "halpha_qual": 2 * usable})
with (folder / "labels.csv").open("w", newline="") as file:
    writer = csv.DictWriter(file, flags[0])
    writer.writeheader()
    writer.writerows(flags)

# %%
# On the command line this is ``mangapa train --data FOLDER --out RUN``. Each galaxy is scored once
# by networks that were not trained on it. These scores measure the accuracy of the model.
model = train(folder, folder / "run", epochs=30, progress=False)
scores = judged(folder / "run")
evaluate(scores)["part", "n", "accuracy", "roc_auc"].pprint()

# %%
# ``mangapa evaluate RUN`` draws the distribution of the scores for each flag, their calibration,
# and the share of the fields that can be kept for a required accuracy.
figure, ax = plt.subplots(figsize=(13, 8), layout="constrained")
ax.imshow(matplotlib.image.imread(draw(scores, folder / "figures")[0]))
ax.set_axis_off()

# %%
# Now use the model.
field = mangapa.simulate_galaxy(n_fibres=19, v_max=150, snr=8, seed=99).stellar
mangapa.usability(field, model=model)
