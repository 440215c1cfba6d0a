"""Decide whether a velocity field can be used: from its descriptors or its image, by a network."""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from mangapa._utils.html import as_html, as_text
from mangapa._utils.types import PathLike
from mangapa.fields import VelocityField
from mangapa.fitting._prepared import checked_fields, prepare
from mangapa.flags import PAFlags, UsabilityFlags
from mangapa.usability._descriptors import descriptors_prepared, pair_descriptors
from mangapa.usability._image import standardise
from mangapa.usability.model import load_model

__all__ = ["Usability", "usability"]

#: A field is usable above this probability.
THRESHOLD = 0.5


@dataclass(frozen=True, kw_only=True, repr=False)
class Usability:
    """
    Whether a velocity field can be used; unset by default.

    Attributes
    ----------
    usable : `bool`
        Class 0 of the experts (do not use) against 1 and 2 (messy, clean).
    score : `float`
        Calibrated probability that an expert would call the field usable; NaN if there is none.
    model : `str` or `None`
        Name of the model.
    unfamiliarity : `float`
        How far the field is from those that the model was trained on: the Mahalanobis distance of
        its descriptors, in units of the distance that 99 % of these do not exceed. A field above 1
        is flagged as unfamiliar. NaN without a score, and for models of images.
    flags : `~mangapa.UsabilityFlags`
        Why there is no score, or what limits it.
    """

    usable: bool = False
    score: float = np.nan
    model: str | None = None
    unfamiliarity: float = field(default=np.nan, compare=False)  # NaN differs from NaN
    flags: UsabilityFlags = UsabilityFlags.NONE

    def __repr__(self):
        unfamiliar = ", unfamiliar" if self.flags & UsabilityFlags.UNFAMILIAR else ""
        judged = "usable" if self.usable else "do not use"
        return f"<Usability {judged}, score {self.score:.2f}{unfamiliar}>"

    def _repr_html_(self):
        rows = [
            ("Field", "usable" if self.usable else "do not use"),
            ("Score", as_text(self.score, decimals=2)),
            ("Unfamiliarity", as_text(self.unfamiliarity, decimals=2)),
            ("Model", self.model),
            ("Flags", self.flags.description or None),
        ]
        return as_html("Usability", rows)


def usability(
    field: VelocityField | list[VelocityField] | tuple[VelocityField, ...],
    *,
    model: PathLike = "default",
    backend: str = "numpy",
) -> Usability | list[Usability]:
    """
    Decide whether a velocity field can be used.

    Parameters
    ----------
    field : `~mangapa.VelocityField` or `list` of them
        Fields after `~mangapa.clean`. In a list, the stellar and the H-alpha field of one
        ``galaxy`` are judged together by models that can: that is right more often.
    model : `str` or path-like, optional
        "default", an ensemble of networks on descriptors of the field; "fcn", the published
        architecture on its image; or the path of a model that you trained.
    backend : {"numpy", "tensorflow"}, optional
        What the model runs on; both give the same scores.

    Returns
    -------
    `Usability` or `list` of `Usability`

    Raises
    ------
    TypeError, ValueError
        If ``field`` is not a field, or the model or the backend is not known.
    mangapa.exceptions.ModelError
        If a file of the model is missing or was changed.

    References
    ----------
    Duckworth et al. 2020, MNRAS 492, 1869, section 2.4.

    Examples
    --------
    >>> import mangapa
    >>> galaxy = mangapa.simulate_galaxy(n_fibres=37)
    >>> mangapa.usability([galaxy.stellar, galaxy.halpha])[0].usable
    True
    """
    fields, is_list = checked_fields(field)
    loaded = load_model(model, backend=backend)
    results = usability_prepared([prepare(one) for one in fields], loaded)
    return results if is_list else results[0]


def usability_prepared(prepared, model):
    """`usability` of prepared fields, by a loaded model; returns a list."""
    inputs, flags = model_inputs(prepared, model)
    together = [None] * len(prepared)
    # A model that was trained on one tracer has no network for both.
    if "together" in model.networks:
        together = partners([one.field for one in prepared], inputs)
    low, high = model.card["cannot_tell"]
    results = []
    scores = score(inputs, model, together)
    for one, value, flag, partner in zip(inputs, scores, flags, together, strict=True):
        if low <= value <= high:
            flag |= UsabilityFlags.CANNOT_TELL
        if np.isfinite(value) and model.inputs == "descriptors" and partner is None:
            flag |= UsabilityFlags.ONE_TRACER
        known = one is not None and model.familiarity is not None
        unfamiliarity = model.familiarity(one.values) if known else np.nan
        if unfamiliarity > 1:
            flag |= UsabilityFlags.UNFAMILIAR
        usability = Usability(
            usable=bool(value > THRESHOLD),
            score=float(value),
            model=model.name,
            unfamiliarity=unfamiliarity,
            flags=flag,
        )
        results.append(usability)
    return results


def model_inputs(prepared, model):
    """`FieldDescriptors` or images of prepared fields; `None`, and flags, where there are none."""
    inputs, flags = [], []
    for one in prepared:
        if model.inputs == "descriptors":
            values, why = descriptors_prepared(one)
        else:
            values, why = None if one.flags else standardise(one.field), one.flags
        inputs.append(values)
        why |= one.caveats
        reasons = sum(UsabilityFlags[flag.name] for flag in PAFlags if flag & why)
        flags.append(UsabilityFlags(reasons))
    return inputs, flags


def partners(fields, inputs):
    """Index of the galaxy's only other field, of the other tracer; `None` if there is not one."""
    groups = defaultdict(list)
    for number, (given, one) in enumerate(zip(fields, inputs, strict=True)):
        if given.galaxy is not None and one is not None:
            groups[given.galaxy].append(number)
    found = [None] * len(fields)
    for numbers in groups.values():
        if len({fields[number].tracer for number in numbers}) == len(numbers) == 2:
            a, b = numbers
            found[a], found[b] = b, a
    return found


def score(inputs, model, together=None):
    """Probabilities of inputs from `model_inputs`, NaN for `None`; ``together`` from `partners`."""
    scores = np.full(len(inputs), np.nan)
    given = defaultdict(dict)
    for number, one in enumerate(inputs):
        partner = together[number] if together else None
        if one is None:
            continue
        if model.inputs == "image":
            given["image"][number] = one
        elif partner is None:
            given["alone"][number] = one.values
        else:
            given["together"][number] = pair_inputs(one, inputs[partner])
    for name, by_number in given.items():
        network, stacked = model.networks[name], np.stack([*by_number.values()])
        is_image = name == "image"
        scores[[*by_number]] = mean_of_symmetric(stacked, network) if is_image else network(stacked)
    return scores


def pair_inputs(one, other):
    """Descriptors of a field, of its partner, and of their comparison, for the network of both."""
    return np.concatenate([one.values, other.values, pair_descriptors(one, other)])


def mean_of_symmetric(images, network):
    """Mean answer to images, (n, rows, columns), turned, mirrored and reversed in every way."""
    total = sum(
        network((sign * np.rot90(mirrored, turns, axes=(1, 2)))[..., None])
        for mirrored in (images, images[:, :, ::-1])
        for turns in range(4)
        for sign in (1, -1)
    )
    return total / 16
