import numpy as np
import pytest
from astropy.table import QTable

from mangapa.catalogue import share, true_share


def catalogue(fraction, error, n=2000, counter=0.3, seed=1):
    """Measured and true angles of galaxies, the aligned ones scattering by 6 deg."""
    rng = np.random.default_rng(seed)
    errors = np.clip(error * np.exp(rng.normal(scale=0.4, size=n)), 2, 30)
    kind = rng.random(n)
    true = np.abs(rng.normal(0, 6, n))
    true = np.where(kind < fraction, rng.uniform(30, 180, n), true)
    true = np.where(kind < fraction * counter, 180 - np.abs(rng.normal(0, 6, n)), true)
    offset = np.abs((true + errors * rng.normal(size=n) + 180) % 360 - 180)
    table = QTable({"pa_offset": offset, "pa_offset_err": errors})
    table["stel_qual"] = table["halpha_qual"] = 1
    return table, true


@pytest.mark.parametrize("fraction", [0.02, 0.05, 0.1, 0.2])
@pytest.mark.parametrize("error", [5, 15, 25])
def test_fraction_is_recovered_where_the_count_is_biased(fraction, error):
    table, true = catalogue(fraction, error)
    found, truth = true_share(table, "misaligned"), np.mean(true > 30)
    assert found.fraction == pytest.approx(truth, abs=3 * found.error)
    assert found.fraction == pytest.approx(truth, abs=0.02)
    assert found.error < 0.02
    if error > 5:
        assert share(table, "misaligned", of="misalignment").fraction > truth + 0.04


def test_counter_rotators_are_recovered():
    table, true = catalogue(0.1, 15)
    found = true_share(table, "counter-rotators")
    assert found.fraction == pytest.approx(np.mean(true > 150), abs=0.015)


def test_unconstrained_pairs_are_left_out_and_counted():
    table, _ = catalogue(0.1, 10)
    alone = true_share(table[100:], "misaligned")
    table["pa_offset_err"][:60] = 45
    table["pa_offset_err"][60:100] = np.nan
    found = true_share(table, "misaligned")
    assert (found.number, found.unconstrained) == (1900, 100)
    assert found.fraction == alone.fraction
    table["stellar_pa_err"] = 5.0
    table["stellar_pa_err"][100:120] = 31
    assert true_share(table, "misaligned").unconstrained == 120
    assert repr(found).endswith("of 1900, 100 unconstrained left out>")


def test_without_a_constrained_pair_there_is_no_fraction():
    table, _ = catalogue(0.1, 10, n=20)
    table["pa_offset_err"] = 50
    found = true_share(table, "misaligned")
    assert np.isnan(found.fraction)
    assert (found.number, found.unconstrained) == (0, 20)


def test_aligned_galaxies_alone_have_no_misaligned_fraction():
    table, _ = catalogue(0, 15)
    assert true_share(table, "misaligned").fraction < 0.005


@pytest.mark.parametrize(("name", "of"), [("clean stellar", "misalignment"), ("misaligned", "x")])
def test_names_that_are_not_known(name, of):
    table, _ = catalogue(0.1, 10, n=20)
    with pytest.raises(ValueError, match="is not known; choose one of '"):
        true_share(table, name, of)
