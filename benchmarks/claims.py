"""A table of claims, and the fields on which they are tested; see validation.py."""

from concurrent.futures import ProcessPoolExecutor
from functools import cached_property, partial
from multiprocessing import get_context

import numpy as np
from real_fields import number, published_catalogue, velocity_fields
from simulated_fields import simulated_fields
from tqdm import tqdm

from mangapa import clean, fit_pa


def pull(difference, error):
    """Return 1.48 x median(|difference| / error), 1 where the errors are right."""
    ratio = np.abs(difference) / error
    return 1.48 * np.nanmedian(ratio)


def axes_apart(a, b):
    """Return the difference of two angles modulo 180 degrees, between -90 and 90."""
    return (np.asarray(a) - b + 90) % 180 - 90


def fitted(field, **options):
    """Fit a field once its outliers are removed."""
    return fit_pa(clean(field), **options)


class Claims:
    """Rows of the table, and what several of them need, computed once."""

    def __init__(self, jobs):
        self.jobs, self.rows = jobs, []

    def add(self, claim, found, low=None, high=None, *, n, digits=2, percent=False):
        """Add a row and print it; the goal is that ``found`` lies between the limits."""

        def text(value):
            return f"{value:.0%}" if percent else f"{value:.{digits}f}"

        if low is None:
            goal, met = f"at most {text(high)}", found <= high
        elif high is None:
            goal, met = f"at least {text(low)}", found >= low
        else:
            goal, met = f"{text(low)} to {text(high)}", low <= found <= high
        row = [claim, n, text(found), goal, "yes" if met else "no"]
        self.rows.append(row)
        print(f"{claim:74} {n:5} {row[2]:>7}  {goal:16} {'' if met else 'missed'}", flush=True)

    def map(self, function, items, unit="field"):
        """Call a function of the top of a module on each item, in several processes."""
        items = list(items)
        with ProcessPoolExecutor(self.jobs, mp_context=get_context("spawn")) as pool:
            results = pool.map(function, items, chunksize=4)
            return list(tqdm(results, total=len(items), unit=unit, leave=False, delay=2))

    @cached_property
    def simulated(self):
        """Each simulated field, with its `KinematicPA`."""
        fields = list(simulated_fields())
        return list(zip(fields, self.map(fitted, [one.field for one in fields]), strict=True))

    def families(self, *names):
        """Return the simulated fields of these families, and what was fitted to them."""
        return [pair for pair in self.simulated if pair[0].family in names]

    @cached_property
    def catalogue(self):
        """Rows of the published catalogue by plate-IFU."""
        return published_catalogue()

    @cached_property
    def real(self):
        """The `KinematicPA` of each real field, by plate-IFU and tracer."""
        fields = list(velocity_fields())
        keys = [(field.galaxy, field.tracer) for field in fields]
        return dict(zip(keys, self.map(fit_pa, fields), strict=True))

    def value(self, galaxy, column):
        """Return a number of the published catalogue, NaN if it is missing."""
        return number(self.catalogue[galaxy][column])


def mapped(function, **options):
    """Fix the options of a function that processes call."""
    return partial(function, **options)
