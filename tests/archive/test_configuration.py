import re
import subprocess
import sys

import pytest
from astropy.config import set_temp_config

import mangapa
from mangapa.archive import expected_path
from mangapa.cli import main


def test_defaults():
    assert mangapa.conf.release == "DR17"
    assert mangapa.conf.allow_download is False
    assert mangapa.conf.parallel_downloads == 3


def test_out_of_range():
    with pytest.raises(TypeError, match="parallel_downloads"):
        mangapa.conf.parallel_downloads = 100


def test_settings_from_the_configuration_file(tmp_path, monkeypatch):
    folder = tmp_path / "astropy"
    folder.mkdir()
    (folder / "mangapa.cfg").write_text("release = DR15\nparallel_downloads = 2\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    code = (
        "from mangapa import conf; from mangapa.archive import expected_path; "
        "print(conf.release, conf.parallel_downloads, expected_path('8485-1901').name)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["DR15", "2", "manga-8485-1901-MAPS-HYB10-GAU-MILESHC.fits.gz"]


@pytest.fixture
def configuration_file(tmp_path):
    """The configuration file in a folder of its own."""
    folder = tmp_path / "astropy"
    folder.mkdir()
    with set_temp_config(tmp_path):
        yield folder / "mangapa.cfg"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("parallel_downloads = many", '"many" is of the wrong type'),
        ("parallel_downloads = 99", '"99" is too big'),
        ("release = DR17, DR15", "wrong type"),
        ("allow_download = perhaps", "wrong type"),
        ("timeout = nan", '"nan" is not finite'),
        ("timeout = 1e300", "is too big"),
        ("timeout = 0", "is too small"),
        ("server = 'x", "line 1"),
        ("daptype", "line 1"),
        ("server = \xe9", "utf-8"),
    ],
)
def test_damaged_configuration_file_is_named(configuration_file, line, message, capsys):
    configuration_file.write_text(line, encoding="latin-1")
    name = line.split()[0]
    match = rf"the setting {name} cannot be read .*{message}.*correct it in "
    with pytest.raises(ValueError, match=match + re.escape(str(configuration_file))):
        getattr(mangapa.conf, name)
    if name != "timeout":
        assert main(["list"]) == 2
        assert str(configuration_file) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("release = dr17", r"release='dr17' is not known \(did you mean 'DR17'"),
        ("daptype = hyb10", r"daptype='hyb10' is not in DR17 \(did you mean 'HYB10'"),
    ],
)
def test_unknown_names_in_the_configuration_file(configuration_file, line, message):
    configuration_file.write_text(line)
    with pytest.raises(ValueError, match=message):
        expected_path("8485-1901")


@pytest.mark.parametrize("text", ["nonsense", "sigma=abc", "metod=disc"])
def test_wrong_option_in_the_configuration_file(configuration_file, text, capsys):
    configuration_file.write_text(f"settings = {text}")
    assert main(["measure", "8485-1901"]) == 2
    assert capsys.readouterr().err.startswith("mangapa: ")
