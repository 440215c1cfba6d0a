"""Registry of the fitting methods, which are the modules of this folder, and the default one."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from mangapa._utils.plugins import load_plugins

#: What ``method="default"`` stands for.
DEFAULT_METHOD = "disc"

_methods = {}


@dataclass(frozen=True, kw_only=True)
class Method:
    """A registered method; see `register_method`."""

    name: str
    fit: Callable
    fit_many: Callable | None
    error: str
    stepped: bool = False
    module: str | None = None  # that registers it, for workers to import

    @property
    def leaves_contamination_out(self):
        """Whether what is no part of the disc is searched: only with the method that fits one."""
        return self.name == DEFAULT_METHOD

    def fit_all(self, spaxels, *, n_steps):
        """Fit a list."""
        if self.fit_many is not None:
            return self.fit_many(spaxels, n_steps=n_steps)
        return [self.fit(one, n_steps=n_steps) for one in spaxels]


def register_method(
    name: str, *, fit_many: Callable | None = None, error: str = "bootstrap", stepped: bool = False
) -> Callable:
    """
    Register a function as a method of `~mangapa.fit_pa`.

    A package registers its methods for all sessions, and for the workers of a survey, in a module
    that it names as an entry point of the group ``mangapa``.

    Parameters
    ----------
    name : `str`
        What users call the method.
    fit_many : callable, optional
        The same function for a list of spaxels, if that is faster.
    error : {"analytic", "bootstrap", "3sigma"}, optional
        What ``error="default"`` means for the method.
    stepped : `bool`, optional
        Whether its angle is one of ``n_steps``.

    Returns
    -------
    callable
        A decorator for a function ``fit(spaxels, *, n_steps) -> PAFit``. The function is only
        called with finite velocities, positive errors, and enough spaxels that do not lie on one
        line; see `~mangapa.fitting.Spaxels`.

    Raises
    ------
    ValueError
        If another method has this name.

    Examples
    --------
    >>> from mangapa.fitting import PAFit, available_methods, register_method
    >>> @register_method("always north")
    ... def fit(spaxels, *, n_steps):
    ...     return PAFit(pa_axis=0.0)
    >>> "always north" in available_methods()
    True
    """
    module = sys._getframe(1).f_globals.get("__name__")

    def register(function):
        if name in _methods or name == "default":
            msg = f"a method named {name!r} is already registered"
            raise ValueError(msg)
        _methods[name] = Method(
            name=name, fit=function, fit_many=fit_many, error=error, stepped=stepped, module=module
        )
        return function

    return register


def available_methods() -> tuple[str, ...]:
    """
    Names that `~mangapa.fit_pa` accepts as ``method``, without the alias "default".

    Returns
    -------
    `tuple` of `str`

    Examples
    --------
    >>> from mangapa.fitting import available_methods
    >>> "pafit" in available_methods()
    True
    """
    load_plugins()
    return tuple(sorted(_methods))


def method_named(name):
    """Look up the `Method` of this name, or behind the alias "default"."""
    if not isinstance(name, str):
        msg = f"method={name!r} must be a name"
        raise TypeError(msg)
    if name == "default":
        name = DEFAULT_METHOD
    if name not in _methods and name not in available_methods():
        msg = f"method={name!r} is not known; choose one of default, {', '.join(sorted(_methods))}"
        raise ValueError(msg)
    return _methods[name]
