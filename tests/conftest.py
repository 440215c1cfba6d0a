"""Fixtures; Marvin and sdss-access find only the files that the tests create."""

import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import warnings
from importlib.util import find_spec
from pathlib import Path

import pytest

# Marvin and sdss-access read these variables on import, and write to the folders that they name.
HOME = Path(tempfile.mkdtemp(prefix="mangapa-tests-"))
os.environ["HOME"] = str(HOME)
os.environ["SAS_BASE_DIR"] = str(HOME / "sas")
os.environ["MARVIN_LOGS_DIR"] = str(HOME / "logs")
os.environ["MANGA_SCRATCH_DIR"] = str(HOME / "scratch")
os.environ["MPLCONFIGDIR"] = str(HOME / "matplotlib")
os.environ["MPLBACKEND"] = "agg"

import mangapa  # noqa: E402
from tests.chromium import chromium  # noqa: E402

SHARED_DATA = Path(
    os.environ.get("MANGAPA_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")
)


TESTS = Path(__file__).parent
#: Fast modules of every room: the quick suite. In slower modules some tests carry the marker.
QUICK_MODULES = (
    *("test_angles.py", "test_cleaning.py", "test_fields.py", "test_flags.py"),
    *("test_measurement.py", "test_settings.py", "test_simulate.py"),
    *("archive/test_configuration.py", "archive/test_releases.py"),
    *("catalogue/test_formats.py", "catalogue/test_provenance.py", "catalogue/test_published.py"),
    *("fitting/test_disc.py", "fitting/test_harmonic.py"),
    *("fitting/test_points.py", "fitting/test_symmetry.py"),
    *("inspection/test_agreement.py", "inspection/test_consensus.py"),
    *("inspection/test_ordering.py", "inspection/test_scheme.py"),
    *("profiles/test_detections.py", "profiles/test_kinemetry.py"),
    *("profiles/test_ring_fit.py", "profiles/test_rings.py", "profiles/test_vectors.py"),
    *("report/test_figures.py", "report/test_pictures.py"),
    *("runs/test_images.py", "runs/test_store.py"),
    *("usability/test_image.py", "usability/test_metrics.py"),
    *(
        "utils/test_files.py",
        "utils/test_grid.py",
        "utils/test_quantities.py",
        "utils/test_sqlite.py",
    ),
)
OPTIONAL_PACKAGES = (
    *("flask", "marvin", "matplotlib", "pafit", "photutils"),
    *("plotly", "pyarrow", "sklearn", "tensorflow"),
)


def pytest_unconfigure():
    shutil.rmtree(HOME, ignore_errors=True)


def pytest_collection_modifyitems(items):
    quick = {TESTS / name for name in QUICK_MODULES}
    missing = [package for package in OPTIONAL_PACKAGES if find_spec(package) is None]
    for item in items:
        if item.path in quick:
            item.add_marker("quick")
        for package in missing:
            if item.get_closest_marker(f"needs_{package}"):
                item.add_marker(pytest.mark.skip(reason=f"{package} is not installed"))


@pytest.fixture
def shared_data():
    """The folder of real data beside the repository."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"there are no real data at {SHARED_DATA}; set MANGAPA_SHARED_DATA")
    return SHARED_DATA


@pytest.fixture
def add_format(monkeypatch):
    """Register a file format for one test."""
    from astropy.io import registry

    from mangapa import Galaxy
    from mangapa.formats import _format, register_format

    for known in ("_formats", "_modules"):
        monkeypatch.setattr(_format, known, {**getattr(_format, known)})
    added = []

    def add(one):
        register_format(one)
        added.append(one.name)
        return one

    yield add
    for name in added:
        registry.unregister_reader(name, Galaxy)
        registry.unregister_identifier(name, Galaxy)


@pytest.fixture
def real_maps(shared_data):
    """A real MAPS file of DR15."""
    return shared_data / "manga-8080-12701-MAPS-VOR10-GAU-MILESHC.fits.gz"


@pytest.fixture(scope="session")
def galaxy():
    """A small galaxy whose gas is misaligned by 40 degrees."""
    return mangapa.simulate_galaxy(n_fibres=19, pa_stellar=60, pa_halpha=100, seed=2)


@pytest.fixture
def maps_file(galaxy, tmp_path):
    """A MAPS file of that galaxy."""
    return mangapa.write_maps(galaxy, tmp_path / "manga-9999-1901-MAPS-mock.fits.gz")


@pytest.fixture(scope="session")
def marvin():
    """Marvin, imported once, without its warnings about missing configuration."""
    if find_spec("marvin") is None:
        pytest.skip("marvin is not installed")
    # Marvin's import replaces the filters, so that its warnings are shown whatever they say.
    with warnings.catch_warnings(record=True):
        import marvin
        import marvin.tools.maps
    return marvin


@pytest.fixture
def read_only(tmp_path):
    """Run a script that can write nothing in ``tmp_path``; return what it prints."""

    def run(script):
        command = [sys.executable, "-c", textwrap.dedent(script)]
        if os.geteuid() == 0:
            # The superuser may write to read-only files, unless that is forbidden.
            if not shutil.which("setpriv"):
                pytest.skip("setpriv is missing: apt-get install util-linux")
            command = ["setpriv", "--bounding-set", "-dac_override", *command]
        before = {path: path.stat().st_mode for path in (tmp_path, *tmp_path.rglob("*"))}
        for path in before:
            path.chmod(0o444 if path.is_file() else 0o555)
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        finally:
            for path, mode in before.items():
                path.chmod(mode)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium that asks nobody but this machine."""
    with chromium() as driver:
        yield driver


@pytest.fixture
def sas(galaxy):
    """A local SAS with one galaxy, plate-IFU 8485-1901 of DR17, in the default daptype."""
    from mangapa.archive import expected_path

    plateifu = "8485-1901"
    path = expected_path(plateifu)
    path.parent.mkdir(parents=True, exist_ok=True)
    mock = mangapa.simulate_galaxy(
        plateifu=plateifu, pa_stellar=60, pa_halpha=100, bintype="HYB10", seed=2
    )
    yield mangapa.write_maps(mock, path)
    shutil.rmtree(os.environ["SAS_BASE_DIR"])


@pytest.fixture
def collaboration(marvin):
    """Credentials in ~/.netrc, without which Marvin refuses the internal releases."""
    netrc = Path.home() / ".netrc"
    hosts = ("data.sdss.org", "api.sdss.org", "magrathea.sdss.org")
    netrc.write_text("".join(f"machine {host}\n  login a\n  password b\n" for host in hosts))
    netrc.chmod(0o600)
    before = marvin.config.access
    marvin.config.access = "collab"
    yield
    # Marvin refuses to leave collaboration mode while an internal release is set.
    marvin.config.setRelease("DR17")
    marvin.config.access = before
    netrc.unlink()
