"""Whether a velocity field can be used: standardised or described, then asked of a network."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from mangapa.fields import VelocityField
from mangapa.fitting._fit import good_spaxels
from mangapa.flags import UsabilityFlags
from mangapa.usability._descriptors import describe, pair_features
from mangapa.usability._image import standardise
from mangapa.usability.model import load_model

__all__ = [
    "Usability",
    "mean_of_symmetric",
    "pair_inputs",
    "partners",
    "prepare",
    "score",
    "usability",
]

#: A field is usable above this probability.
THRESHOLD = 0.5


@dataclass(frozen=True, kw_only=True, repr=False)
class Usability:
    """
    Whether a velocity field can be used; by default nobody was asked.

    Attributes
    ----------
    usable : `bool`
        0 of the experts (do not use) against 1 and 2 (messy, clean).
    score : `float`
        Calibrated probability that an expert would call it usable; NaN where there is nothing to
        judge.
    model : `str` or `None`
        Which model says so.
    flags : `~mangapa.flags.UsabilityFlags`
        What is to be known of it.
    """

    usable: bool = False
    score: float = np.nan
    model: str | None = None
    flags: UsabilityFlags = UsabilityFlags.NONE

    def __repr__(self):
        return f"<Usability {'usable' if self.usable else 'do not use'}, score {self.score:.2f}>"


def usability(field, *, model="default", backend="numpy"):
    """
    Tell whether a velocity field can be used.

    The field is taken as it is: clean it first.

    Parameters
    ----------
    field : `~mangapa.VelocityField` or `list` of them
        The stellar and the H-alpha field of one ``galaxy`` in a list are judged together, by models
        that can: that is right more often.
    model : `str` or path-like, optional
        "default", an ensemble of networks on features of the field; "fcn", the published
        architecture on its image; or the path of a model that you trained.
    backend : {"numpy", "tensorflow"}, optional
        What the model runs on; both give the same.

    Returns
    -------
    `Usability` or `list` of `Usability`

    Raises
    ------
    TypeError
        If it is no field.
    ValueError
        If there is no such model or backend.
    mangapa.exceptions.ModelError
        If a file of the model was changed.

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
    fields = list(field) if isinstance(field, (list, tuple)) else [field]
    for one in fields:
        if not isinstance(one, VelocityField):
            msg = f"field must be a VelocityField or a list of them, not {type(one).__name__}"
            raise TypeError(msg)
    model = load_model(model, backend=backend)
    prepared, flags = prepare(fields, model)
    paired = "together" in model.networks
    together = partners(fields, prepared) if paired else [None] * len(fields)
    scores = score(prepared, model, together)
    low, high = model.card["cannot_tell"]
    results = []
    for value, flag, partner in zip(scores, flags, together, strict=True):
        if not flag and low <= value <= high:
            flag |= UsabilityFlags.CANNOT_TELL
        if np.isfinite(value) and model.inputs == "descriptors" and partner is None:
            flag |= UsabilityFlags.ONE_TRACER
        results.append(
            Usability(
                usable=bool(value > THRESHOLD), score=float(value), model=model.name, flags=flag
            )
        )
    return results if isinstance(field, (list, tuple)) else results[0]


def prepare(fields, model):
    """
    What a model looks at, of each field.

    Parameters
    ----------
    fields : sequence of `~mangapa.VelocityField`
        The fields.
    model : `~mangapa.usability.model.Model`
        The model.

    Returns
    -------
    prepared : `list`
        A `~mangapa.usability._descriptors.Description` or an image; `None` where there is nothing
        to judge.
    flags : `list` of `~mangapa.flags.UsabilityFlags`
        Why.
    """
    prepared, flags = [], []
    for field in fields:
        if model.inputs == "descriptors":
            one, why = describe(field)
        else:
            spaxels, why = good_spaxels(field)
            one = None if spaxels is None else standardise(field)
        prepared.append(one)
        flags.append(UsabilityFlags(int(why)))
    return prepared, flags


def partners(fields, prepared):
    """
    The other tracer of the same galaxy in a list.

    Parameters
    ----------
    fields : sequence of `~mangapa.VelocityField`
        The fields.
    prepared : sequence
        What there is of each; those with `None` are nobody's partner.

    Returns
    -------
    `list` of `int` or `None`
        The partner's number; `None` where there is none, or more than one.
    """
    groups = defaultdict(lambda: defaultdict(list))
    for number, (field, one) in enumerate(zip(fields, prepared, strict=True)):
        if field.galaxy is not None and one is not None:
            groups[field.galaxy][field.tracer].append(number)
    found = [None] * len(fields)
    for tracers in groups.values():
        if len(tracers) == 2 and all(len(numbers) == 1 for numbers in tracers.values()):
            (a,), (b,) = tracers.values()
            found[a], found[b] = b, a
    return found


def score(prepared, model, together=None):
    """
    The probabilities of many prepared fields at once.

    Parameters
    ----------
    prepared : sequence
        As `prepare` gives it.
    model : `~mangapa.usability.model.Model`
        The model.
    together : sequence of `int` or `None`, optional
        The partner of each field; none if not given.

    Returns
    -------
    `~numpy.ndarray`
        0-1, shape (n,); NaN where there is nothing to judge.
    """
    scores = np.full(len(prepared), np.nan)
    present = [number for number, one in enumerate(prepared) if one is not None]
    if model.inputs == "image":
        if present:
            images = np.stack([prepared[number] for number in present])
            scores[present] = mean_of_symmetric(images, model.networks["image"])
        return scores
    together = [None] * len(prepared) if together is None else together
    alone = [number for number in present if together[number] is None]
    if alone:
        inputs = np.stack([prepared[number].values for number in alone])
        scores[alone] = model.networks["alone"](inputs)
    paired = [number for number in present if together[number] is not None]
    if paired:
        inputs = np.stack([pair_inputs(prepared[a], prepared[together[a]]) for a in paired])
        scores[paired] = model.networks["together"](inputs)
    return scores


def pair_inputs(one, other):
    """
    What the network for two tracers looks at.

    Parameters
    ----------
    one, other : `~mangapa.usability._descriptors.Description`
        The field that is judged, and its partner.

    Returns
    -------
    `~numpy.ndarray`
        Features of both and of their comparison, shape (n,).
    """
    return np.concatenate([one.values, other.values, pair_features(one, other)])


def mean_of_symmetric(images, network):
    """
    Mean over quarter turns, mirror images and the reversed velocities: none is special.

    Parameters
    ----------
    images : `~numpy.ndarray`
        Shape (n, rows, columns).
    network : callable
        From images with a channel to probabilities.

    Returns
    -------
    `~numpy.ndarray`
        0-1, shape (n,).
    """
    total = np.zeros(len(images))
    for mirrored in (images, images[:, :, ::-1]):
        for turns in range(4):
            turned = np.rot90(mirrored, turns, axes=(1, 2))
            for sign in (1, -1):
                total += network((sign * turned)[..., None])
    return total / 16
