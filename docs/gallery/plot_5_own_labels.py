"""
A network for your own survey
=============================

Another survey, or another idea of a usable field: train a network on your own flags.
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
# Forty galaxies as arrays, half of which are noise, and a table of flags: 0 do not use, 1 messy,
# 2 clean. Of a true survey there should be some hundreds.
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
# The command is ``mangapa train --data FOLDER --out RUN``. Each galaxy is judged once by networks
# that did not see it; these scores tell how good the model is.
model = train(folder, folder / "run", epochs=30, progress=False)
scores = judged(folder / "run")
evaluate(scores)["part", "n", "accuracy", "roc_auc"].pprint()

# %%
# ``mangapa evaluate RUN`` draws them: how the scores lie by the flag, whether a probability can
# be taken at its word, and how many fields are left if the answers must be right.
figure, ax = plt.subplots(figsize=(13, 8), layout="constrained")
ax.imshow(matplotlib.image.imread(draw(scores, folder / "figures")[0]))
ax.set_axis_off()

# %%
# And the model in use.
field = mangapa.simulate_galaxy(n_fibres=19, v_max=150, snr=8, seed=99).stellar
mangapa.usability(field, model=model)
