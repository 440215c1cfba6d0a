import subprocess
import sys

import pytest

import mangapa


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
