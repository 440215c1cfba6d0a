from dataclasses import replace

import numpy as np
import pytest

import mangapa
from mangapa import (
    Usability,
    UsabilityFlags,
    VelocityField,
    fit_pa,
    pa_profile,
    simulate_galaxy,
    usability,
)
from mangapa.usability._predict import score
from mangapa.usability.model import load_model


def flat(velocity, mask=None):
    y, x = np.mgrid[-10:10.5:0.5, 10:-10.5:-0.5]
    return VelocityField.from_arrays(np.broadcast_to(velocity, x.shape), x, y, mask=mask)


def noise(seed=1):
    return flat(np.random.default_rng(seed).normal(scale=30, size=(41, 41)))


@pytest.mark.parametrize("model", ["default", "fcn"])
def test_tells_rotation_from_noise(galaxy, model):
    found = usability([galaxy.stellar, galaxy.halpha, noise()], model=model)
    assert [one.usable for one in found] == [True, True, False]
    assert all(isinstance(one, Usability) and one.model == model for one in found)
    assert found[0].score > 0.9
    assert found[2].score < 0.2


def test_a_field_or_a_list(galaxy):
    alone = usability(galaxy.stellar)
    assert alone.flags == UsabilityFlags.ONE_TRACER
    assert repr(alone) == f"<Usability usable, score {alone.score:.2f}>"
    assert [one.score for one in usability([galaxy.stellar])] == [alone.score]
    assert usability([]) == []
    assert usability((galaxy.stellar, galaxy.halpha))[0].flags == UsabilityFlags.NONE


def test_only_tracers_of_one_galaxy_are_judged_together(galaxy):
    alone = pytest.approx(usability(galaxy.stellar).score, abs=1e-6)
    pair = pytest.approx(usability([galaxy.stellar, galaxy.halpha])[0].score, abs=1e-6)
    assert pair != alone
    stranger = replace(galaxy.halpha, galaxy="another")
    nameless = replace(galaxy.halpha, galaxy=None)
    for other in (stranger, nameless, galaxy.stellar):
        assert usability([galaxy.stellar, other])[0].score == alone
    assert usability([galaxy.stellar, stranger, galaxy.halpha])[0].score == pair
    # Which of two is meant cannot be known.
    assert usability([galaxy.stellar, galaxy.halpha, galaxy.halpha])[0].score == alone


def test_order_does_not_count(galaxy):
    fields = [galaxy.stellar, noise(), galaxy.halpha, noise(2)]
    forwards, backwards = usability(fields), usability(fields[::-1])[::-1]
    for one, other in zip(forwards, backwards, strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-6)


@pytest.mark.promise(1)
@pytest.mark.parametrize("model", ["default", "fcn"])
@pytest.mark.parametrize(
    ("field", "flag"),
    [
        (flat(np.nan), UsabilityFlags.NO_GOOD_SPAXELS),
        (flat(7.0), UsabilityFlags.CONSTANT_VELOCITY),
        (
            flat(np.arange(41.0), mask=np.indices((41, 41)).sum(0) > 2),
            UsabilityFlags.TOO_FEW_SPAXELS,
        ),
        (flat(np.arange(41.0), mask=np.indices((41, 41))[0] != 20), UsabilityFlags.NO_EXTENT),
    ],
)
def test_nothing_to_judge(field, flag, model, galaxy, monkeypatch):
    one, other = usability([field, galaxy.stellar], model=model)
    assert (one.usable, one.flags) == (False, flag)
    assert np.isnan(one.score)
    assert np.isfinite(other.score)
    assert one.flags.description


def test_says_when_it_cannot_tell(galaxy):
    low, high = load_model().card["cannot_tell"]
    fields = [
        mangapa.simulate_galaxy(n_fibres=37, snr=snr, v_max=v_max, seed=seed).stellar
        for snr in (5, 8)
        for v_max in (10, 20, 40)
        for seed in range(4)
    ]
    found = usability([replace(field, galaxy=None) for field in fields])
    unsure = [bool(one.flags & UsabilityFlags.CANNOT_TELL) for one in found]
    assert unsure == [low <= one.score <= high for one in found]
    assert any(unsure)


def test_not_a_field():
    with pytest.raises(TypeError, match="field must be a VelocityField, not ndarray"):
        usability(np.zeros((32, 32)))
    with pytest.raises(TypeError, match=r"field\[0\] must be a VelocityField, not str"):
        usability(["8485-1901"])


def test_thousands_at_once():
    model = load_model("fcn")
    images = np.random.default_rng(0).uniform(-1, 1, (3000, 32, 32)).astype(np.float32)
    scores = score(list(images), model)
    assert scores.shape == (3000,)
    np.testing.assert_allclose(scores[:3], score(list(images[:3]), model), atol=1e-6)
    turned = score(list(np.rot90(images, axes=(1, 2))), model)
    np.testing.assert_allclose(turned, scores, atol=1e-6)


def test_real_fields(shared_data):
    from mangapa.usability.labels import read_flags, unpack

    with pytest.warns(mangapa.MangapaWarning, match="1 in stel_qual"):
        flags = read_flags(shared_data / "catalogue.csv")
    fields = [
        field
        for field in unpack(shared_data / "velocity_fields.npz", only=set(range(0, 9000, 30)))
        if (field.galaxy, field.tracer) in flags
    ]
    usable = [flags[field.galaxy, field.tracer][0] > 0 for field in fields]
    found = usability([replace(field, galaxy=None) for field in fields])
    assert len(fields) > 150
    assert np.mean([one.usable == u for one, u in zip(found, usable, strict=True)]) > 0.88


def test_in_the_whole_path(galaxy):
    measured = mangapa.measure(galaxy)
    cleaned = [mangapa.clean(galaxy.stellar), mangapa.clean(galaxy.halpha)]
    assert [measured.stellar_usability, measured.halpha_usability] == usability(cleaned)
    row = measured.row()
    assert (row["stel_qual"], row["halpha_qual"]) == (1, 1)
    assert row["stellar_score"] == measured.stellar_usability.score
    nameless = mangapa.Galaxy(
        stellar=replace(galaxy.stellar, galaxy=None), halpha=replace(galaxy.halpha, galaxy=None)
    )
    assert mangapa.measure(nameless).stellar_usability == measured.stellar_usability
    missing = mangapa.measure(mangapa.Galaxy(stellar=galaxy.stellar)).halpha_usability
    assert missing.flags == UsabilityFlags.NO_MAP
    assert not missing.usable


@pytest.mark.promise(20)
@pytest.mark.parametrize("azimuth", range(0, 360, 30))
@pytest.mark.parametrize("radius", [1.3, 2.5])
def test_a_patch_on_one_side_of_the_centre(azimuth, radius):
    """As of one star-forming clump, which may well rotate, but is unlike any whole field."""
    gas = simulate_galaxy(n_fibres=37, pa_halpha=100, bintype="SPX", seed=1).halpha
    x, y = 4 * np.sin(np.radians(azimuth)), 4 * np.cos(np.radians(azimuth))
    away = np.hypot(gas.x.value - x, gas.y.value - y) > radius
    patch = VelocityField.from_arrays(gas.velocity, gas.x, gas.y, mask=gas.mask | away)
    assert patch.n_spaxels >= 20
    found = usability(patch)
    assert 0 <= found.score < (0.7 if radius < 2 else 1)
    assert found.flags & UsabilityFlags.ONE_TRACER
    assert found.flags & UsabilityFlags.UNFAMILIAR
    assert np.isfinite(fit_pa(patch).pa)
    assert len(pa_profile(patch)) > 0


@pytest.mark.promise(10)
def test_scores_do_not_depend_on_the_list(galaxy):
    fields = [galaxy.stellar, galaxy.halpha, noise(), noise(2)]
    fields = [replace(field, galaxy=str(number)) for number, field in enumerate(fields)]
    together = usability(fields)
    assert [one.score for one in together] == [usability(field).score for field in fields]
    assert [one.score for one in together[::-1]] == [one.score for one in usability(fields[::-1])]
