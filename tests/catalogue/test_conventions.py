"""Catalogues that measure their angles another way, and such that only seem to."""

import numpy as np
import pytest
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st

from mangapa.catalogue import compare

TURNED = {
    "turned by 180 deg (a + 180)": lambda a: a + 180,
    "offset by 90 deg (a + 90)": lambda a: a + 90,
    "offset by -90 deg (a - 90)": lambda a: a - 90,
    "mirrored (360 - a)": lambda a: 360 - a,
    "mirrored and turned by 180 deg (180 - a)": lambda a: 180 - a,
    "mirrored and offset by 90 deg (90 - a)": lambda a: 90 - a,
    "mirrored and offset by -90 deg (270 - a)": lambda a: 270 - a,
}
SEEDS = st.integers(0, 2**32 - 1)


def both(a, b, name="stellar_pa"):
    names = [f"galaxy {number}" for number in range(len(a))]
    return compare(Table({"name": names, name: a % 360}), Table({"name": names, name: b % 360}))


@pytest.mark.promise(17)
@pytest.mark.parametrize("hypothesis", TURNED)
@given(seed=SEEDS, n=st.integers(40, 300), sigma=st.floats(0, 12), strays=st.floats(0, 0.1))
@settings(max_examples=10, deadline=None)
def test_each_is_found(hypothesis, seed, n, sigma, strays):
    rng = np.random.default_rng(seed)
    a = rng.uniform(0, 360, n)
    b = TURNED[hypothesis](a) + rng.normal(0, sigma, n)
    b[: int(strays * n)] = rng.uniform(0, 360, int(strays * n))
    (row,) = both(a, b).conventions
    assert row["hypothesis"] == hypothesis
    assert row["n"] == n
    assert row["median_undone"] < 1.5 * sigma + 1e-6
    assert row["median"] > max(45, 2 * row["median_undone"])
    assert row["share"] > 0.7


@pytest.mark.parametrize("n", [8, 12])
def test_few_galaxies_are_enough_if_they_agree(n):
    a = np.linspace(3, 330, n)
    found = both(a, a + 180, "halpha_pa")
    assert found.conventions["angle"].tolist() == ["halpha_pa"]
    assert found.conventions["share"][0] == 1
    assert repr(found).endswith(
        "; halpha_pa of b is turned by 180 deg (a + 180) against a: median difference 180.0 deg, "
        f"and 0.0 after undoing it, which makes 100% of {n} galaxies agree better>"
    )
    assert len(both(a[:7], a[:7] + 180).conventions) == 0


@pytest.mark.parametrize(("constant", "text"), [(37, "37.0"), (-20, "-20.0"), (132, "132.0")])
def test_another_constant(constant, text):
    a = np.linspace(0, 350, 50)
    assert both(a, a + constant).conventions["hypothesis"].tolist() == [f"offset by {text} deg"]
    (row,) = both(a, constant % 360 - a).conventions
    assert row["hypothesis"] == f"mirrored and offset ({constant % 360:.1f} - a)"


@given(seed=SEEDS, n=st.integers(0, 300))
@settings(max_examples=150, deadline=None)
def test_random_catalogues_have_no_convention(seed, n):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 360, (2, n + 1))
    assert len(both(a, b).conventions) == 0


@given(
    seed=SEEDS, n=st.integers(1, 300), sigma=st.floats(0, 30), strays=st.floats(0, 0.4),
    spread=st.sampled_from([5, 30, 360]),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_catalogues_that_agree_have_none(seed, n, sigma, strays, spread):
    """Neither do angles that are all alike, of which a mirror is true as well."""
    rng = np.random.default_rng(seed)
    a = 40 + rng.uniform(0, spread, n)
    b = a + rng.normal(0, sigma, n)
    b[: int(strays * n)] = rng.uniform(0, 360, int(strays * n))
    found = both(a, b)
    assert len(found.conventions) == 0
    assert found.notes == []


def test_receding_sides_at_random_are_no_turn():
    a = np.linspace(0, 350, 200)
    assert len(both(a, a + 180 * (np.arange(200) % 2)).conventions) == 0


def test_angles_that_are_alike_are_turned_and_not_mirrored():
    a = np.linspace(38, 42, 60)
    b = a + 180 + np.linspace(-2, 2, 60)
    assert both(a, b).conventions["hypothesis"].tolist() == ["turned by 180 deg (a + 180)"]


def test_missing_angles_and_misalignments_do_not_count():
    a = np.linspace(0, 350, 30)
    b = a + 180
    b[::2] = np.nan
    assert both(a, b).conventions["n"].tolist() == [15]
    assert len(both(a[:20] / 2, 180 - a[:20] / 2, "pa_offset").conventions) == 0
    assert len(both(a, np.full(30, np.nan)).conventions) == 0
