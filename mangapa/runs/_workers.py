"""What a worker does: it measures one galaxy, and tells whatever went wrong."""

import os
import time
from dataclasses import replace
from functools import lru_cache
from importlib import import_module

import numpy as np

from mangapa._resolve import spelling
from mangapa._utils.plugins import load_plugins
from mangapa._utils.threads import thread_pools
from mangapa.catalogue.columns import catalogue_columns, plain_row
from mangapa.fitting._methods import method_named
from mangapa.formats import formats
from mangapa.formats._format import module_of
from mangapa.measurement import measure
from mangapa.runs._images import image_of
from mangapa.runs._store import Result

#: Columns of a profile that are stored.
PROFILE_COLUMNS = ("radius", "pa", "pa_err", "k1")


def explain(source, error):
    """Say in one line why a source, or one of the files of a galaxy, failed; it is named."""
    message, paths = str(error), source if isinstance(source, (list, tuple)) else [source]
    if not isinstance(error, (OSError, ValueError)):
        message = f"{type(error).__name__}: {message}"
    is_named = any(path in message for path in paths)
    return message if is_named else f"{spelling(source)}: {message}"


def needed_modules(method, columns=None):
    """
    Modules that register or define the method, the columns and formats; workers import them.

    ``columns`` are groups of columns, `None` for all.

    What comes from ``__main__`` raises ValueError, since workers cannot import it.
    """
    chosen, modules = method_named(method), set()
    used = [(f"method {method!r}", chosen.module, chosen.fit)]
    used += [(f"column {one.name!r}", one.module, one.value) for one in catalogue_columns(columns)]
    used += [(f"format {one.name!r}", module_of(one), one.read) for one in formats()]
    for name, registering, function in used:
        # A helper in another module may register it, and not every callable has a module.
        names = {registering, getattr(function, "__module__", None)} - {None}
        if "__main__" in names:
            msg = (
                f"the {name} is defined in a script or notebook, from which worker processes "
                "cannot import it; move it to a module and import that module, or install it as a "
                "package with an entry point in the group 'mangapa'"
            )
            raise ValueError(msg)
        modules |= names
    return sorted(modules)


def measure_source(source, *, arguments, modules=(), parent=None):
    """
    Measure one galaxy with the ``arguments`` of `mangapa.measure`; return a `Result` in any case.

    ``source`` is the target of a `Source`, ``modules`` are imported first, and ``parent`` is the id
    of the process that asks.
    """
    if parent not in (None, os.getpid()):
        _limit_blas_for_good()
    start = time.perf_counter()
    try:
        load_plugins()
        for module in modules:
            import_module(module)
        result = result_of(source, measure(source, **arguments))
    except Exception as error:  # Whatever is wrong with one galaxy, a survey continues.
        result = Result(source=source, error=explain(source, error))
    return replace(result, seconds={**result.seconds, "all": time.perf_counter() - start})


def result_of(source, measurement):
    """What is stored of a `~mangapa.Measurement`, as a `Result`."""
    parts, images, profiles = {"galaxy": {}, "stellar": {}, "halpha": {}}, {}, {}
    row = plain_row(measurement)
    with_dispersion = measurement.settings.measures("kinematics")
    for column in catalogue_columns(measurement.settings.columns):
        parts[column.part][column.name] = row[column.name]
    for tracer, measured in measurement.tracers():
        image = None
        if measured.field is not None:
            image = image_of(measured.field, with_dispersion=with_dispersion)
        if image is not None:
            images[tracer] = image.to_bytes()
        if measured.profile is not None:
            # Rings with an angle, in deg and arcsec, with as many digits as a figure shows.
            rings = {name: measured.profile[name].value for name in PROFILE_COLUMNS}
            has_angle = np.isfinite(rings["pa"])
            profiles[tracer] = {
                name: np.round(values[has_angle], 2).tolist() for name, values in rings.items()
            }
    found = {"parts": parts, "images": images, "profiles": profiles}
    errors = "; ".join(measurement.errors.values())
    error = f"{spelling(source)}: {errors}" if errors else None
    return Result(source=source, error=error, seconds=measurement.seconds, **found)


@lru_cache(maxsize=1)
def _limit_blas_for_good():
    """
    Limit BLAS to one thread in this process, where each core has a worker of its own.

    Several threads also sum in another order, so no worker thread may lift the limit.
    """
    thread_pools().limit(limits=1)
