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


def test_second_measurement_of_a_galaxy_is_left_out(galaxy, tmp_path):
    result = result_of("first", mangapa.measure(galaxy))
    with RunStore(tmp_path, {}) as store:
        store.add_sources(["first", "second"])
        store.add(result)
        store.add(replace(result, source="second"))
    found = InspectedGalaxies.of_run(tmp_path)
    assert list(found.sources.values()) == ["first"]


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
