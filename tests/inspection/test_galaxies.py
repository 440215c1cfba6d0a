import math
from dataclasses import replace

import pytest

import mangapa
from mangapa.inspection._galaxies import InspectedGalaxies
from mangapa.runs._store import RunStore
from mangapa.runs._workers import result_of
from tests.inspection.conftest import N_GALAXIES, NO_GAS


@pytest.fixture(scope="module")
def galaxies(run):
    return InspectedGalaxies.of_run(run)


def test_galaxies_with_a_field_are_found(galaxies):
    assert len(galaxies.sources) == N_GALAXIES
    assert "bad" not in galaxies.sources
    assert galaxies.tracers[NO_GAS] == ("stellar",)
    assert galaxies.mangaids().keys() == galaxies.rows.keys()


def test_run_without_fields_is_refused(tmp_path):
    with RunStore(tmp_path, {}):
        pass
    with pytest.raises(FileNotFoundError, match="has no velocity fields; 'mangapa status"):
        InspectedGalaxies.of_run(tmp_path)


@pytest.mark.promise(19)
def test_analyses_of_one_galaxy_are_judged_each_on_its_own(galaxy, tmp_path):
    """Under names of their own, and never under that of the galaxy alone."""
    result = result_of("a", mangapa.measure(galaxy))
    with RunStore(tmp_path, {}) as store:
        store.add_sources(["a", "b", "c"])
        for source, daptype in (("a", "HYB10"), ("b", "VOR10"), ("c", "VOR10")):
            result.parts["galaxy"]["daptype"] = daptype
            store.add(replace(result, source=source))
    found = InspectedGalaxies.of_run(tmp_path)
    names = ["9999-1901 HYB10", "9999-1901 (b)", "9999-1901 (c)"]
    assert list(found.sources.items()) == list(zip(names, "abc", strict=True))
    assert list(found.tracers) == list(found.rows) == names
    shown = found.shown("9999-1901 HYB10")
    assert shown["galaxy"] == shown["label"] == "9999-1901 HYB10"
    assert shown["links"] == found.shown("9999-1901 (b)")["links"] != []


@pytest.mark.promise(19)
def test_unnamed_galaxies_are_not_merged(galaxy, tmp_path):
    result = result_of("a", mangapa.measure(galaxy))
    result.parts["galaxy"] |= {"plateifu": None, "name": "cube"}
    with RunStore(tmp_path, {}) as store:
        store.add_sources(["one/cube.fits", "two/cube.fits"])
        for source in ("one/cube.fits", "two/cube.fits"):
            store.add(replace(result, source=source))
    found = InspectedGalaxies.of_run(tmp_path)
    assert list(found.sources) == ["cube (one/cube.fits)", "cube (two/cube.fits)"]
    assert list(found.labels.values())[1].endswith("(two/cube.fits)")
    assert found.shown("cube (two/cube.fits)")["links"] == []


def test_scores_of_the_fields(galaxies):
    scores = galaxies.scores()
    assert scores[NO_GAS].keys() == {"stellar"}
    assert 0 <= scores[NO_GAS]["stellar"] <= 1
    answer = galaxies.network(NO_GAS)
    assert answer["stellar"]["score"] == pytest.approx(scores[NO_GAS]["stellar"], abs=0.005)
    assert answer["stellar"]["usable"] is (scores[NO_GAS]["stellar"] > 0.5)


@pytest.mark.needs_plotly
def test_data_are_rounded_and_plain(galaxies):
    shown = galaxies.shown(NO_GAS, scores=True)
    assert shown["stellar"]["pa"] == round(shown["stellar"]["pa"], 1)
    assert shown["halpha"]["pa"] is None
    assert shown["pa_offset"] is None
    assert math.isfinite(shown["stellar"]["score"])
    assert [title for title, _ in shown["links"]] == ["Marvin", "SDSS image"]
