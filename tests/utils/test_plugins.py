"""Installed distributions, made on the fly, add to mangapa when it looks for plugins."""

import subprocess
import sys
from textwrap import dedent

import pytest


def install(site, distribution, entry_points, module, code):
    """Install a distribution of one module into a folder that is on the path of `run`."""
    info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[mangapa]\n{entry_points}\n")
    (site / f"{module}.py").write_text(dedent(code))


def run(site, code):
    """What a new process prints, with ``site`` on its path, and what it writes to stderr."""
    start = f"import sys; sys.path.insert(0, {str(site)!r})\n"
    done = subprocess.run(
        [sys.executable, "-c", start + dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines(), done.stderr


READER = """
    import sys
    print("imported", file=sys.__stdout__)
    from pathlib import Path
    from astropy.io import registry
    from mangapa import Galaxy

    registry.register_reader("toy", Galaxy, lambda path: Galaxy(plateifu=Path(path).stem))
    registry.register_identifier("toy", Galaxy, lambda mode, path, *_, **__: path.endswith(".toy"))
"""


@pytest.fixture
def site(tmp_path):
    """A folder with a plugin that reads files whose names end in .toy, and such a file."""
    install(tmp_path / "site", "mangapa-toy", "toy = mangapa_toy", "mangapa_toy", READER)
    (tmp_path / "a.toy").touch()
    return tmp_path / "site"


def test_reader_is_found(site):
    code = f"""
        import mangapa
        from mangapa.formats import read_galaxy
        print("asked")
        print(read_galaxy({str(site.parent / "a.toy")!r}).plateifu)
        print(mangapa.Galaxy.read({str(site.parent / "a.toy")!r}).plateifu)
    """
    printed, errors = run(site, code)
    # Importing mangapa imports no plugin, and two calls import it once.
    assert printed == ["asked", "imported", "a", "a"]
    assert errors == ""


def test_method_and_column_are_registered(site):
    code = """
        import numpy as np
        from mangapa.catalogue.columns import register_column
        from mangapa.fitting import PAFit, register_method

        @register_method("east")
        def fit_east(spaxels, *, n_steps):
            return PAFit(pa_axis=90.0, v_sys=0.0, chi2=1.0)

        register_column("three", lambda measurement: 3, "always three")
    """
    install(site, "mangapa-east", "east = mangapa_east", "mangapa_east", code)
    code = """
        from mangapa._utils.plugins import load_plugins
        from mangapa.catalogue.columns import catalogue_columns
        from mangapa.fitting import available_methods
        load_plugins()
        print("east" in available_methods(), "three" in [one.name for one in catalogue_columns()])
    """
    printed, errors = run(site, code)
    assert printed == ["imported", "True True"]
    assert errors == ""


def test_broken_plugin_is_named_and_stops_nothing(site):
    install(site, "mangapa-broken", "bad = mangapa_bad", "mangapa_bad", "import not_installed")
    install(site, "mangapa-absent", "gone = mangapa_bad:gone", "mangapa_other", "")
    code = f"""
        import warnings
        from mangapa import MangapaWarning
        from mangapa.formats import read_galaxy
        for _ in range(2):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                print(read_galaxy({str(site.parent / "a.toy")!r}).plateifu)
            for one in caught:
                print(one.category is MangapaWarning, one.message)
    """
    printed, errors = run(site, code)
    # No trace of them in the second round.
    assert printed[-1] == "a"
    assert printed.count("a") == 2
    warned = sorted(line for line in printed if line.startswith("True "))
    expected = [
        f"True the plugin {plugin} of the package {package} is ignored: it cannot be imported "
        "(ModuleNotFoundError: No module named 'not_installed')"
        for plugin, package in [("bad", "mangapa-broken"), ("gone", "mangapa-absent")]
    ]
    assert warned == expected
    assert len(printed) == 5
    assert errors == ""


def warnings_of(site):
    """The warnings of a process that loads the plugins twice, what it prints, and its errors."""
    code = """
        import warnings
        from mangapa import MangapaWarning
        from mangapa._utils.plugins import load_plugins
        from mangapa.fitting import available_methods
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            load_plugins()
            load_plugins()
        assert {one.category for one in caught} <= {MangapaWarning}
        print("east" in available_methods())
        print(*[one.message for one in caught], sep="\\n")
    """
    return run(site, code)


EAST = """
    from mangapa.fitting import PAFit, register_method

    @register_method("east")
    def fit_east(spaxels, *, n_steps):
        return PAFit(pa_axis=90.0, v_sys=0.0, chi2=1.0)
"""


@pytest.mark.promise(20)
def test_plugin_that_exits_stops_nothing(site):
    install(site, "mangapa-exit", "exits = mangapa_exit", "mangapa_exit", "raise SystemExit(3)")
    install(site, "mangapa-east", "east = mangapa_east", "mangapa_east", EAST)
    printed, errors = warnings_of(site)
    assert sorted(printed) == [
        "True",
        "imported",
        "the plugin exits of the package mangapa-exit is ignored: it cannot be imported "
        "(SystemExit: 3)",
    ]
    assert errors == ""


def test_what_a_plugin_prints_goes_to_the_standard_error(site):
    install(site, "mangapa-chatty", "chatty = mangapa_chatty", "mangapa_chatty", "print('hello')")
    printed, errors = warnings_of(site)
    assert "hello" not in printed
    assert errors == "hello\n"


@pytest.mark.promise(20)
def test_two_plugins_of_one_name(tmp_path):
    """Both are loaded; the one that adds what is there already is named."""
    site = tmp_path / "site"
    for name in ("one", "two"):
        install(site, f"mangapa-{name}", f"same = mangapa_{name}", f"mangapa_{name}", EAST)
    printed, errors = warnings_of(site)
    assert printed[0] == "True"
    (warned,) = printed[1:]
    assert warned.startswith("the plugin same of the package mangapa-")
    assert "(ValueError: a method named 'east' is already registered)" in warned
    assert errors == ""


@pytest.mark.promise(20)
def test_package_with_damaged_entry_points(site):
    """It need not have to do with mangapa."""
    info = site / "other-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_text("[mangapa]\nno equals sign\n")
    install(site, "mangapa-east", "east = mangapa_east", "mangapa_east", EAST)
    printed, _ = warnings_of(site)
    assert "True" in printed
    assert "imported" in printed
    # Python 3.12 leaves such a line out.
    assert all("cannot be read" in one for one in printed if one not in ("True", "imported", ""))
