"""Each tuned constant is held by a reference value, so that none can be changed carelessly."""

import importlib
import pkgutil
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import mangapa
from tests.reference import table
from tests.test_reference import REFERENCE, differences

#: The modules that measure.
MEASURING = (
    *("mangapa._utils.grid", "mangapa._utils.robust", "mangapa.angles", "mangapa.cleaning"),
    "mangapa._regions",
    *("mangapa.fitting", "mangapa.profiles", "mangapa.usability._descriptor_groups"),
    *("mangapa.usability._on_axis", "mangapa.usability._image", "mangapa.usability._network"),
    "mangapa.usability._predict",
    *("mangapa.kinematics._isophotes", "mangapa.kinematics._photometry"),
    "mangapa.kinematics._sources",
    *("mangapa.kinematics._angular_momentum", "mangapa.kinematics._corrections"),
    *("mangapa.kinematics._light", "mangapa.kinematics._moments", "mangapa.kinematics._rotators"),
    "mangapa.kinematics._spin",
)
#: Constants that results do not depend on while they are reasonable, by the reason.
FREE = {
    "guards against division by zero, overflow or rounding": (
        *("robust.TINY", "_curves.VANISHING", "_errors.RIDGE", "_errors.LARGEST_EXPONENT"),
        *(
            "_point_noise.MAX_USED",
            "_detections.CERTAIN",
            "_curves.ANY_PAIRS",
            "_curves.MIN_SPREAD",
        ),
        *("_prepared.ROUNDING", "_points.COLLINEAR", "symmetry.HULL_TOLERANCE"),
        *("symmetry.EDGE_DECIMALS", "symmetry.JITTER", "_noise.MIN_DETERMINANT"),
        *("_noise.LEAST_LEFT", "_thin_disc.SAME_ERRORS", "grid.FEWEST_ON_A_GRID"),
        *("_network.SURE", "robust.SINGULAR_RIDGE", "robust.LARGEST_INVERSE", "grid.FLAT"),
        *("_points.LEAST_EXTENT", "_prepared.LEAST_RANGE", "symmetry.MARGIN", "symmetry.EDGE"),
        *("_moment_values.LEAST_LIGHT", "_ellipses.RIDGE", "_ellipses.LEAST_RADIUS"),
        *("_points.LEAST_AREA", "grid.DECIMALS", "_descriptor_groups.RADIUS_DECIMALS"),
    ),
    "limits that no field of thousands has met": (
        *("cleaning.FILL_SHARE", "cleaning.FEWEST_DISTINCT", "cleaning.TAILS"),
        *("_regions.LATTICES", "_regions.OFF_LATTICE", "_regions.ADJACENT"),
        *("_regions.FARTHEST_NEIGHBOUR", "_regions.LEAST_SPACING", "_regions.MOST"),
        *("_regions.FEWEST_ON_A_LATTICE", "_regions.NEIGHBOUR", "_regions.CROSSED"),
        *("_regions.WIDEST_GAP", "_regions.INNER_PERCENTILE", "_fit.MUCH"),
        *("_regions.SQUARE", "_regions.HEXAGONAL", "grid.SPARSE"),
        "_prepared.LEAST_RELATIVE_ERROR",
        *("_scattered.MOST_CELLS_PER_POINT", "_descriptor_groups.RANDOM_TURN"),
        *("_point_noise.MIN_NEIGHBOURS", "_descriptor_groups.FEWEST_ANGLES"),
        *("_descriptor_groups.WORST_DISC", "_descriptor_groups.WORST_SMOOTH"),
    ),
    "speed only": (
        *("_fit.FIELDS_AT_ONCE", "_curves.TRANSFORMS_AT_ONCE", "symmetry.CHUNK", "grid.SAMPLE"),
        *("_points.LENGTH_DECIMALS", "_scattered.CELLS_ALLOWED", "_core_model.MAX_STEPS"),
        *("_points.COUNTABLE", "_curves.ORIGIN_DECIMALS", "_curves.STEP_DECIMALS"),
        *("_thin_disc.MAX_ITERATIONS", "symmetry.PLACES_AT_ONCE", "_errors.SPAXELS_AT_ONCE"),
        *("_point_noise.LONG_SIDE", "_point_noise.WINDOW", "_noise.DENSE", "_noise.WINDOW"),
        *("_points.MOST_POINTS", "_points.GROWTH", "_centre.ENOUGH"),
        *("_isophotes.MOST_SPAXELS", "_isophotes.LEAST_SHARE"),
        *("_rings.PAIRS_AT_ONCE", "_averages.BISECTIONS"),
    ),
    "thresholds that few fields are near, held by the tests of their modules": (
        *("_contamination.BEAM", "_contamination.SEED_EDGE", "_contamination.DEVIANT"),
        *("_contamination.ABOVE_SURROUNDINGS", "_contamination.ABOVE_MOST", "_contamination.MOST"),
        *("_contamination.MIRRORED", "_contamination.LARGEST", "_contamination.FEWEST_LEFT"),
        *("_contamination.MOST_PATCHES", "_contamination.AMPLITUDE_PERCENTILE", "_centre.ROUNDS"),
        *("_detections.CANDIDATE_SIGNIFICANCE", "_features.FOUND", "_features.RATHER_WARP"),
    ),
    "extrapolation that only has to reach far enough": ("symmetry.BEYOND",),
    "held by the tests of their modules, and chosen with benchmarks/validation.py": (
        *("_contamination.BEAM", "_contamination.SEED", "_contamination.SEED_EDGE"),
        *("_contamination.DEVIANT", "_contamination.EDGE", "_contamination.ABOVE_SURROUNDINGS"),
        *("_contamination.ABOVE_MOST", "_contamination.MOST", "_contamination.LEAST_VELOCITY"),
        *("_contamination.MIRRORED", "_contamination.LEAST_DROP", "_contamination.LEAST_PULL"),
        *("_contamination.LARGEST", "_contamination.FEWEST_LEFT", "_contamination.ROUNDS"),
        *("_contamination.MOST_PATCHES", "_contamination.AMPLITUDE_PERCENTILE"),
        *("_centre.FREE", "_centre.ROUNDS", "_centre.CONVERGED", "_centre.SIGNIFICANT"),
        *("_centre.LEAST_OFFSET", "_centre.SUSPECT", "_results.THICKNESS"),
        *("_results.SHAPE_SCATTER", "_results.LEAST_INCLINATION_ERROR"),
    ),
    "held by reference values in the tests of their modules": (
        *("_isophotes.SMOOTHING", "_isophotes.STEP", "_isophotes.LARGEST_CUT", "_isophotes.FEWEST"),
        *("_isophotes.INNERMOST", "_isophotes.BEAM_WIDENING", "_isophotes.WIDENING_ERROR"),
        *("_isophotes.LARGEST_WIDENING", "_isophotes.LEAST_SIGNIFICANCE"),
        *("_sources.BEAMS", "_photometry.DISC_SHAPE"),
    ),
    "held by the tests of angular momentum and of spins": (
        *("_moments.ANNULUS", "_moments.INDEPENDENT", "_moments.LEAST_SQUARE"),
        *("_light.SURE", "_light.FEWEST_POINTS", "_angular_momentum.LEAST_COVERAGE"),
        *("_angular_momentum.CENTRE_ERROR", "_angular_momentum.BIAS_LEFT"),
        *("_angular_momentum.RESOLVED", "_angular_momentum.CURVE_STEP"),
        *("_angular_momentum.CURVE_END", "_angular_momentum.LEAST_REACH"),
        *("_angular_momentum.TANGENT", "_angular_momentum.GROWTH_ERROR"),
        *("_angular_momentum_options.RADIUS_ERROR", "_angular_momentum_options.ANGLE_ERROR"),
        *("_angular_momentum_options.ELLIPTICITY_ERROR", "robust.FWHM"),
        *("_corrections.GRAHAM_SERSIC", "_corrections.LARGEST_BEAM", "_corrections.GRAHAM_SCALE"),
        *("_corrections.GRAHAM_POWERS", "_corrections.GRAHAM_SLOPE", "_corrections.GRAHAM_ABOVE"),
        *("_corrections.GRAHAM_BELOW", "_corrections.HARBORNE_DISTANCE"),
        *("_corrections.HARBORNE_ELLIPSE", "_corrections.HARBORNE_V_SIGMA"),
        *("_corrections.HARBORNE_SCATTER", "_rotators.EMSELLEM", "_rotators.CAPPELLARI"),
        *("_rotators.N_SHAPES", "_rotators.REACH", "_spin.TOO_CLOSE_TO_AXIS"),
        "_spin.RANDOM_INCLINATION",
    ),
    "limit of an argument, held by the test of its message": (
        *("_settings.MIN_STEPS", "_angular_momentum_options.LARGEST_ELLIPTICITY"),
    ),
}


def measuring_modules():
    for module in pkgutil.walk_packages(mangapa.__path__, "mangapa."):
        if module.name.startswith(MEASURING):
            yield importlib.import_module(module.name)


def is_number(value):
    if isinstance(value, tuple):
        return all(is_number(one) for one in value)
    return isinstance(value, (int, float, np.ndarray)) and not isinstance(value, bool)


def tuned_constants():
    """Module and name of each number that is a constant of a measuring module."""
    for module in measuring_modules():
        # Only where it is assigned, not where it is imported.
        assigned = re.findall(
            r"^((?:[A-Z][A-Z_0-9]*, )*[A-Z][A-Z_0-9]*) = ", Path(module.__file__).read_text(), re.M
        )
        for name in ", ".join(assigned).split(", "):
            path = f"{module.__name__}.{name}"
            free = any(path.endswith(f".{one}") for names in FREE.values() for one in names)
            if name and is_number(getattr(module, name)) and not free:
                yield pytest.param(module, name, id=path.removeprefix("mangapa."))


def changed(value):
    if isinstance(value, tuple):
        return tuple(changed(one) for one in value)
    return value + 1 if isinstance(value, int) else value * 1.25


def replace_everywhere(monkeypatch, original, name):
    """Change a constant where it was imported, too, and in the defaults of functions."""
    new = changed(original)
    for module in [m for path, m in sys.modules.items() if path.startswith("mangapa")]:
        if vars(module).get(name) is original:
            monkeypatch.setattr(module, name, new)
        for thing in list(vars(module).values()):
            for part in [thing, *vars(thing).values()] if isinstance(thing, type) else [thing]:
                if hasattr(part, "cache_clear"):
                    part.cache_clear()
                function = getattr(part, "__wrapped__", getattr(part, "__func__", part))
                if isinstance(function, types.FunctionType):
                    replace_defaults(monkeypatch, function, original, new)


def replace_defaults(monkeypatch, function, original, new):
    if any(one is original for one in function.__defaults__ or ()):
        defaults = tuple(new if one is original else one for one in function.__defaults__)
        monkeypatch.setattr(function, "__defaults__", defaults)
    for key, one in (function.__kwdefaults__ or {}).items():
        if one is original:
            monkeypatch.setitem(function.__kwdefaults__, key, new)


@pytest.fixture
def patched(monkeypatch):
    yield monkeypatch
    monkeypatch.undo()
    for module in measuring_modules():
        for thing in vars(module).values():
            if hasattr(thing, "cache_clear"):
                thing.cache_clear()


def first_difference():
    for name, compute in table.cases():
        try:
            found = table.plain(compute())
            for difference in differences(found, REFERENCE[name], name):
                return difference
        except (ArithmeticError, AssertionError, IndexError, ValueError, np.linalg.LinAlgError):
            # A number that is part of a structure, such as a number of terms.
            return f"{name} fails"
    return None


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("module", "name"), tuned_constants())
def test_a_careless_change_is_noticed(module, name, patched):
    replace_everywhere(patched, getattr(module, name), name)
    assert first_difference(), f"no reference value depends on {module.__name__}.{name}"
