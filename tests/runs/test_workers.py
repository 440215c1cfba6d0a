"""What a worker measures, stores and imports."""

import os
import subprocess
import sys
from dataclasses import dataclass, field, fields, replace
from functools import partial

import numpy as np
import pytest

import mangapa
from mangapa.catalogue.columns import catalogue_columns
from mangapa.runs import catalogue
from mangapa.runs._images import image_of
from mangapa.runs._workers import explain, measure_source, needed_modules, result_of
from tests.formats.toy import TOY

#: A module that registers a method and a column.
MODULE = """
from mangapa.catalogue.columns import register_column
from mangapa.fitting import PAFit, register_method

@register_method("always east")
def fit(spaxels, *, n_steps):
    return PAFit(pa_axis=90.0)

register_column("n_both", lambda m: m.stellar.n_spaxels + m.halpha.n_spaxels, "Spaxels", kind=int)
"""
#: A module that registers columns with functions of other modules only.
COLUMNS = """
from functools import partial
from operator import attrgetter
import helper
from mangapa.catalogue.columns import register_column

register_column("n_stars", attrgetter("stellar.n_spaxels"), "Spaxels of the stars", kind=int)
register_column("twice", partial(helper.value, factor=2), "Two", kind=int)
"""
#: A module that registers nothing.
HELPER = "def value(measurement, factor): return factor"
#: Runs of it where worker processes import no script: with processes, and with an executor.
RUNS = """
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import columns, extension
from mangapa import survey
run = dict(method="always east", error=None, progress=False)
assert survey(sys.argv[1], sys.argv[2], **run).measured == 1
with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
    assert survey(sys.argv[1], sys.argv[3], executor=executor, **run).measured == 1
"""
#: A script that registers a method and a column itself, each with a function of this expression.
SCRIPT = """
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from operator import attrgetter
import helper
from mangapa import survey
from mangapa.catalogue.columns import register_column
from mangapa.fitting import PAFit, register_method

def fit(spaxels, *, n_steps):
    return PAFit(pa_axis=0.0)

def value(measurement, factor):
    return factor

def attempt(**options):
    try:
        survey(sys.argv[1], "run", progress=False, **options)
    except ValueError as error:
        print(error)

if __name__ == "__main__":
    register_method("always north")({method})
    attempt(method="always north")
    with ThreadPoolExecutor(1) as executor:
        attempt(method="always north", executor=executor)
    register_column("twice", {column}, "Two", kind=int)
    attempt()
"""


def run_python(arguments, folder):
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        check=True,
    ).stdout


def test_workers_know_methods_and_columns_of_imported_modules(maps_file, tmp_path):
    for name, text in (("extension", MODULE), ("columns", COLUMNS), ("helper", HELPER)):
        (tmp_path / f"{name}.py").write_text(text)
    runs = tmp_path / "processes", tmp_path / "executor"
    run_python(["-c", RUNS, maps_file, *runs], tmp_path)
    script = "import columns, extension, mangapa; table = mangapa.runs.catalogue({!r}); "
    script += "print(*(table[name][0] for name in ('n_both', 'n_stars', 'twice')))"
    measured = mangapa.measure(maps_file)
    stars = measured.stellar.n_spaxels
    for run in runs:
        table = catalogue(run)
        assert table["stellar_pa"][0].value == 90
        assert table.meta["settings"]["method"] == "always east"
        printed = run_python(["-c", script.format(str(run))], tmp_path)
        assert printed.split() == [str(stars + measured.halpha.n_spaxels), str(stars), "2"]


@pytest.mark.parametrize(
    ("method", "column"),
    [
        ("fit", "partial(value, factor=2)"),
        ("helper.value", "partial(helper.value, factor=2)"),
        ("attrgetter('fit')", "attrgetter('stellar.n_spaxels')"),
    ],
)
def test_what_a_script_registers_is_refused_before_the_run_begins(
    method, column, maps_file, tmp_path
):
    script = SCRIPT.replace("{method}", method).replace("{column}", column)
    (tmp_path / "script.py").write_text(script)
    (tmp_path / "helper.py").write_text(HELPER)
    printed = run_python(["script.py", maps_file], tmp_path).splitlines()
    remedy = (
        "is defined in a script or notebook, from which worker processes cannot import it; move it "
        "to a module and import that module, or install it as a package with an entry point in the "
        "group 'mangapa'"
    )
    names = ("method 'always north'", "method 'always north'", "column 'twice'")
    assert printed == [f"the {name} {remedy}" for name in names]
    assert not (tmp_path / "run").exists()


def test_a_format_of_a_script_is_refused(add_format):
    def read(path):
        raise OSError(path)

    add_format(replace(TOY, name="mine", read=read))
    assert __name__ in needed_modules("disc")
    read.__module__ = "__main__"
    with pytest.raises(ValueError, match="the format 'mine' is defined in a script or notebook"):
        needed_modules("disc")


def test_modules_of_the_package_itself():
    assert "mangapa.fitting._methods.disc" in needed_modules("disc")
    assert "mangapa.catalogue.columns" in needed_modules("disc")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError("there is no file maps.fits"), "there is no file maps.fits"),
        (ValueError("ambiguous"), "maps.fits: ambiguous"),
        (RuntimeError("a bug"), "maps.fits: RuntimeError: a bug"),
        (KeyError("x"), "maps.fits: KeyError: 'x'"),
    ],
)
def test_explanations_name_the_source(error, message):
    assert explain("maps.fits", error) == message


def test_explanations_name_one_of_several_files():
    files = ("x/7_gas.fits", "x/7_stars.fits")
    assert explain(files, OSError("x/7_gas.fits is empty")) == "x/7_gas.fits is empty"
    assert explain(files, OSError("it is empty")) == "x/7_*.fits: it is empty"


def test_result_of_a_galaxy(galaxy):
    measurement = mangapa.measure(galaxy)
    result = result_of("a", measurement)
    assert [*result.parts["galaxy"], *result.parts["stellar"], *result.parts["halpha"]] == [
        column.name
        for part in ("galaxy", "stellar", "halpha")
        for column in catalogue_columns()
        if column.part == part
    ]
    assert result.parts["stellar"]["stellar_pa"] == measurement.stellar.pa.value
    assert result.images["halpha"] == image_of(measurement["halpha"].field).to_bytes()
    profile = measurement["stellar"].profile
    rings = np.isfinite(profile["pa"])
    assert result.profiles["stellar"]["pa"] == profile["pa"][rings].value.round(2).tolist()
    assert result.profiles["stellar"].keys() == {"radius", "pa", "pa_err", "k1"}


def test_result_of_a_galaxy_without_gas(galaxy):
    result = result_of("a", mangapa.measure(replace(galaxy, halpha=None)))
    assert result.images.keys() == result.profiles.keys() == {"stellar"}
    assert result.parts["halpha"]["halpha_pa"] is None


@pytest.mark.promise(7)
def test_a_worker_returns_a_result_whatever_happens(maps_file):
    measure_one = partial(measure_source, arguments={"settings": mangapa.MeasurementSettings()})
    result = measure_one(str(maps_file))
    assert result.error is None
    assert result.seconds["all"] > sum(result.seconds[step] for step in ("read", "fit"))
    failed = measure_one("missing.fits")
    assert failed.error.startswith("there is no file missing.fits; ")
    assert failed.parts == failed.images == {}
    unknown = measure_one(str(maps_file), modules=["no_such_module"])
    assert unknown.error == (f"{maps_file}: ModuleNotFoundError: No module named 'no_such_module'")


def test_a_worker_loads_plugins(maps_file, monkeypatch):
    loaded = []
    monkeypatch.setattr("mangapa.runs._workers.load_plugins", lambda: loaded.append("plugins"))
    assert measure_source(str(maps_file), arguments={}).error is None
    assert loaded == ["plugins"]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Partial(mangapa.Measurement):
    """A measurement of which parts failed."""

    errors: dict = field(default_factory=dict)


@pytest.mark.promise(20)
def test_result_of_a_galaxy_of_which_a_part_failed(galaxy):
    measurement = mangapa.measure(galaxy)
    values = {one.name: getattr(measurement, one.name) for one in fields(measurement)}
    both = {"stellar": "the stars are bad", "halpha": "the gas is bad"}
    failed = result_of("a", Partial(**{**values, "errors": both}))
    assert failed.error == "a: the stars are bad; the gas is bad"
    failed = result_of("a", Partial(**{**values, "errors": {"halpha": "the gas is bad"}}))
    assert failed.error == "a: the gas is bad"
    whole = result_of("a", measurement)
    assert whole.error is None
    assert failed.parts["stellar"] == whole.parts["stellar"]
    assert failed.images == whole.images
