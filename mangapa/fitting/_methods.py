"""The fitting methods that are known, and what each of them is given."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mangapa.fitting._grid import Grid

__all__ = ["DEFAULT_METHOD", "Spaxels", "available_methods", "method_named", "register_method"]

#: What ``method="default"`` stands for.
DEFAULT_METHOD = "disc"

_methods = {}


@dataclass(frozen=True, kw_only=True, eq=False)
class Spaxels:
    """
    The good spaxels of a field, checked and without units: the input of every method.

    Attributes
    ----------
    x, y : `~numpy.ndarray`
        Offsets from the centre, arcsec, +x East, shape (n,).
    velocity : `~numpy.ndarray`
        Velocities relative to ``first_guess``, km/s, shape (n,).
    first_guess : `float`
        Systemic velocity that was subtracted, km/s.
    error : `~numpy.ndarray`
        Their 1-sigma errors, km/s, shape (n,).
    good : `~numpy.ndarray` of `bool`
        Where on the map the spaxels are, shape (ny, nx).
    bin_id : `~numpy.ndarray` or `None`
        Their bins, shape (n,).
    grid : `~mangapa.fitting._grid.Grid` or `None`
        The grid of the map; `None` where the places are scattered.
    """

    x: np.ndarray
    y: np.ndarray
    velocity: np.ndarray
    first_guess: float
    error: np.ndarray
    good: np.ndarray
    bin_id: np.ndarray | None = None
    grid: Grid | None = None

    @cached_property
    def index(self):
        """Number of each spaxel on the flattened map, shape (n,)."""
        return np.flatnonzero(self.good)


@dataclass(frozen=True, kw_only=True)
class Method:
    """
    A method that is known.

    Attributes
    ----------
    name : `str`
        What users call it.
    fit : callable
        ``fit(spaxels, *, n_steps) -> PAFit``.
    fit_many : callable or `None`
        The same for a list, where the method is faster so.
    error : {"analytic", "bootstrap", "3sigma"}
        What ``error="default"`` means: the method's own analytic error, the bootstrap, or a third
        of its 3-sigma interval for a method that is too slow for a bootstrap.
    stepped : `bool`
        Whether the angle is one of ``n_steps``, rather than continuous.
    """

    name: str
    fit: Callable
    fit_many: Callable | None
    error: str
    stepped: bool = False

    def fit_all(self, spaxels, *, n_steps):
        """Fit a list."""
        if self.fit_many is not None:
            return self.fit_many(spaxels, n_steps=n_steps)
        return [self.fit(one, n_steps=n_steps) for one in spaxels]


def register_method(name, *, fit_many=None, error="bootstrap", stepped=False):
    """
    Make a function known to `~mangapa.fit_pa` as a method.

    Parameters
    ----------
    name : `str`
        What users will call it.
    fit_many : callable, optional
        The same for a list of fields, if the method gains from that.
    error : {"analytic", "bootstrap", "3sigma"}, optional
        What ``error="default"`` means for it.
    stepped : `bool`, optional
        Whether its angle is one of ``n_steps``.

    Returns
    -------
    callable
        A decorator for a function ``fit(spaxels, *, n_steps) -> PAFit``. It is only called with
        finite velocities, positive errors, and enough spaxels that do not lie on one line.

    Raises
    ------
    ValueError
        If another method has this name.
    """

    def register(function):
        if name in _methods or name == "default":
            msg = f"a method named {name!r} is registered already"
            raise ValueError(msg)
        _methods[name] = Method(
            name=name, fit=function, fit_many=fit_many, error=error, stepped=stepped
        )
        return function

    return register


def available_methods():
    """
    The names that `~mangapa.fit_pa` takes as ``method``, without the alias "default".

    Returns
    -------
    `tuple` of `str`

    Examples
    --------
    >>> from mangapa.fitting import available_methods
    >>> "pafit" in available_methods()
    True
    """
    return tuple(_methods)


def method_named(name):
    """The `Method` of this name, or behind this alias."""
    if name == "default":
        name = DEFAULT_METHOD
    if name not in _methods:
        msg = f"method={name!r} is not known; choose one of default, {', '.join(_methods)}"
        raise ValueError(msg)
    return _methods[name]
