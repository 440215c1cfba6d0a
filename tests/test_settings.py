import json
import os
import pickle
import re
import subprocess
import sys
from argparse import ArgumentParser
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from astropy import units as u

import mangapa
import mangapa.marvin
from mangapa import MeasurementSettings
from mangapa._utils.options import documented_with
from mangapa.cli._options import add_settings, settings_from


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"sigma": 3}, {}),
        ({"sigma": np.float32(3), "min_region": np.float64(0.1)}, {}),
        ({"method": "disc"}, {"method": "default"}),
        ({"n_steps": np.int64(91)}, {"n_steps": 91}),
        ({"velocity_error": 5 * u.km / u.s}, {"velocity_error": 5}),
        ({"velocity_error": 5000 * u.m / u.s}, {"velocity_error": 5.0}),
        ({"v_sys": 0}, {"v_sys": 0 * u.km / u.s}),
        ({"columns": ["standard"]}, {"columns": "standard"}),
    ],
)
def test_settings_that_mean_the_same_are_equal(one, other):
    one, other = MeasurementSettings(**one), MeasurementSettings(**other)
    assert one == other
    assert hash(one) == hash(other)
    assert json.dumps(one.as_dict()) == json.dumps(other.as_dict())


@pytest.mark.parametrize(
    "options", [{"sigma": None}, {"v_sys": 0}, {"error": None}, {"model": "fcn"}, {"n_steps": 91}]
)
def test_settings_that_differ_are_not_equal(options):
    assert MeasurementSettings(**options) != MeasurementSettings()


def test_settings_survive_json_and_pickle():
    settings = MeasurementSettings(velocity_error=7 * u.km / u.s, sigma=None, method="symmetry")
    assert MeasurementSettings(**json.loads(json.dumps(settings.as_dict()))) == settings
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_a_path_of_a_model_is_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = str(tmp_path / "runs" / "mine")
    assert MeasurementSettings(model="runs/mine").model == expected
    assert MeasurementSettings(model=tmp_path / "runs" / "mine").model == expected
    assert MeasurementSettings(model="fcn").model == "fcn"


def test_options_replace_those_of_settings():
    settings = MeasurementSettings(sigma=5, method="harmonic")
    combined = MeasurementSettings.from_options(settings, sigma=4, error=None)
    assert combined == MeasurementSettings(sigma=4, method="harmonic", error=None)
    assert MeasurementSettings.from_options() == MeasurementSettings()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"metod": "disc"}, TypeError, "no option 'metod'; did you mean 'method'?"),
        ({"shade": "red"}, TypeError, "no option 'shade'; choose from method, "),
        ({"method": "magic"}, ValueError, "method='magic' is not known; choose one of default, "),
        ({"error": "guess"}, ValueError, "error='guess' must be one of 'default', "),
        ({"n_steps": 2.5}, ValueError, "n_steps=2.5 must be an integer of at least 3"),
        ({"sigma": -1}, ValueError, "sigma=-1 must be positive"),
        ({"sigma": "wide"}, ValueError, "sigma='wide' must be a number"),
        ({"sigma": True}, ValueError, "sigma=True must be a number"),
        ({"min_region": None}, ValueError, "min_region=None must be one finite number"),
        ({"method": ["disc"]}, TypeError, "method=['disc'] must be a name"),
        ({"error": ["analytic"]}, ValueError, "error=['analytic'] must be one of"),
        ({"min_region": 2}, ValueError, "min_region=2 must be a fraction between 0 and 1"),
        ({"velocity_error": 0}, ValueError, "velocity_error=0 must be positive"),
        ({"v_sys": "mean"}, ValueError, "v_sys='mean' must be a number in km / s"),
        ({"model": 3}, TypeError, "model must be a name or a path, not int"),
        ({"columns": 3}, TypeError, "columns=3 must be names of groups of columns"),
        ({"columns": "all"}, ValueError, "columns='all' must name groups of columns, of standard"),
        ({"settings": "fast"}, TypeError, "settings must be MeasurementSettings, not str"),
    ],
)
def test_bad_options_are_named(options, error, message, galaxy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=re.escape(message)):
        MeasurementSettings.from_options(**options)
    for function in (
        partial(mangapa.measure, galaxy),
        partial(mangapa.survey, "galaxy.fits", "run"),
        partial(mangapa.marvin.kinematic_pa, object()),
    ):
        with pytest.raises(error, match=re.escape(message)):
            function(**options)
    assert not Path("run").exists()


GROUP = """
from mangapa import MeasurementSettings, conf, measure, simulate_galaxy
from mangapa.catalogue import tabulate
from mangapa.catalogue.columns import catalogue_columns, column_groups, register_column
register_column("size", lambda m: m.galaxy.stellar.velocity.size, "Size", kind=int, group="dust")
assert column_groups()[0] == "standard" and column_groups()[-1] == "dust"
for columns in ("dust", "dust,standard", ["dust"], ("standard", "dust"), " dust "):
    settings = MeasurementSettings(columns=columns)
    assert settings.columns == "standard,dust", columns
    assert settings.measures("dust") and settings.measures("standard")
with conf.set_temp("settings", ["columns=dust"]):
    assert MeasurementSettings.from_options() == settings
galaxy = simulate_galaxy(n_fibres=19)
without, measured = measure(galaxy), measure(galaxy, columns="dust")
assert "size" not in without.row() and "size" not in tabulate(without).colnames
assert measured.row()["size"] == measured.galaxy.stellar.velocity.size
assert list(without.row()) == list(measured.row())[:-1]
both = tabulate([without, measured])
assert both["size"].mask.tolist() == [True, False]
assert "size" not in [one.name for one in catalogue_columns()]
assert catalogue_columns(None)[-1].name == catalogue_columns("dust")[-1].name == "size"
"""


def test_groups_of_columns_are_measured_when_asked_for():
    """In another process, so that the group does not stay in the tables of this one."""
    subprocess.run([sys.executable, "-c", GROUP], check=True)


def test_docstrings_list_every_option():
    names = MeasurementSettings.__dataclass_fields__
    assert len(names) == 13
    for name in names:
        assert f"- ``{name}`` (" in mangapa.measure.__doc__


def test_the_list_keeps_its_indentation():
    @documented_with(MeasurementSettings)
    def function(**options):
        """
        Do something.

        Parameters
        ----------
        **options
            Among

            {options}
        """

    lines = [line for line in function.__doc__.splitlines() if "``" in line]
    assert len(lines) == len(MeasurementSettings.__dataclass_fields__)
    assert all(line.startswith("    - ``") for line in lines)


def test_configured_options_are_the_defaults(galaxy):
    with mangapa.conf.set_temp("settings", ["method=harmonic", "error = none", "sigma=4"]):
        configured = MeasurementSettings.from_options()
        assert configured == MeasurementSettings(method="harmonic", error=None, sigma=4)
        assert MeasurementSettings.from_options(sigma=2).sigma == 2
        assert MeasurementSettings.from_options(MeasurementSettings()).method == "disc"
        assert mangapa.measure(galaxy).settings == configured
        options = ArgumentParser()
        add_settings(options)
        assert settings_from(options.parse_args([])) == configured
    assert MeasurementSettings.from_options() == MeasurementSettings()


@pytest.mark.parametrize(
    ("items", "error", "message"),
    [
        (["metod=disc"], TypeError, "in mangapa.conf.settings, has no option 'metod'"),
        (["sigma=wide"], ValueError, "mangapa.conf.settings=['sigma=wide'] is not valid"),
        (["sigma=-1"], ValueError, "sigma=-1.0 must be positive"),
    ],
)
def test_bad_configured_options_are_named(items, error, message):
    with mangapa.conf.set_temp("settings", items), pytest.raises(error, match=re.escape(message)):
        MeasurementSettings.from_options()


def test_options_in_the_configuration_file(tmp_path):
    (tmp_path / "astropy").mkdir()
    (tmp_path / "astropy" / "mangapa.cfg").write_text("settings = method=symmetry, sigma=4\n")
    code = "import mangapa; print(mangapa.MeasurementSettings.from_options().as_dict())"
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    assert "'method': 'symmetry'" in done.stdout
    assert "'sigma': 4.0" in done.stdout


def test_without_docstrings():
    """As with ``python -OO``."""
    code = "import mangapa; print(mangapa.measure.__doc__)"
    done = subprocess.run([sys.executable, "-OO", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "None", done.stderr


def test_an_error_of_settings_stays_when_the_method_is_replaced():
    settings = MeasurementSettings(method="harmonic", error="bootstrap")
    assert MeasurementSettings.from_options(settings, method="disc").error == "bootstrap"
