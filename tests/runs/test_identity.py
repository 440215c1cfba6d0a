import json
from importlib.metadata import version

import pytest
from astropy import units as u

import mangapa
from mangapa import MeasurementSettings
from mangapa.runs import _identity
from mangapa.runs._identity import difference, new_facts, run_settings


def test_settings_of_a_run_are_complete_and_plain():
    settings = run_settings(MeasurementSettings(velocity_error=5 * u.km / u.s, sigma=None))
    assert json.loads(json.dumps(settings)) == settings
    assert settings.keys() == {
        *("release", "daptype", "model_sha256"),
        *MeasurementSettings().as_dict(),
    }
    assert (settings["velocity_error"], settings["sigma"]) == (5.0, None)
    assert len(settings["model_sha256"]["default.npz"]) == 64


def test_other_names_of_the_same_data_are_equal():
    settings = MeasurementSettings()
    expected = run_settings(settings, release="DR17", daptype="HYB10-MILESHC-MASTARSSP")
    assert run_settings(settings, release="MPL-11") == expected
    assert run_settings(settings, daptype="HYB10") == expected
    assert run_settings(settings, daptype="SPX") != expected
    with mangapa.conf.set_temp("release", "DR15"):
        assert run_settings(settings)["daptype"] == "HYB10-GAU-MILESHC"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"release": "DR99"}, "release='DR99' is not known"),
        ({"daptype": "SPX", "release": "DR15"}, "daptype='SPX' is not in DR15"),
    ],
)
def test_unknown_releases_and_analyses_are_rejected(arguments, message):
    with pytest.raises(ValueError, match=message):
        run_settings(MeasurementSettings(), **arguments)


def test_groups_of_columns_are_part_of_the_settings():
    settings = run_settings(MeasurementSettings(columns="kinematics"))
    assert settings["columns"] == "standard,kinematics"
    assert difference(new_facts(settings), run_settings(MeasurementSettings())) == (
        "with columns='standard,kinematics' instead of 'standard'"
    )


def test_an_unknown_model_is_rejected():
    with pytest.raises(ValueError, match="model='guess' is not known"):
        run_settings(MeasurementSettings(model="guess"))


def test_difference_names_each_setting():
    facts = new_facts({"a": 1, "b": 2.0, "c": None})
    assert difference(facts) is None
    assert difference(facts, {"c": None, "b": 2, "a": 1}) is None
    assert difference(facts, {"a": 1, "b": 3.0, "d": "x"}) == (
        "with b=2.0 instead of 3.0 and d=None instead of 'x'"
    )


def test_difference_names_the_version():
    facts = {**new_facts({}), "version": "0.0.1"}
    assert difference(facts) is None
    assert difference(facts, {}) == f"by mangapa 0.0.1, but this is mangapa {version('mangapa')}"


def test_difference_of_the_layout_matters_even_to_read(monkeypatch):
    facts = new_facts({})
    monkeypatch.setattr(_identity, "STORE_LAYOUT", facts["layout"] + 1)
    assert "which stores runs in another layout" in difference(facts)
