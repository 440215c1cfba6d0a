"""Workers that see the files under other paths."""

import os
import shutil
from concurrent.futures import Future

import pytest

from mangapa.cli import main
from mangapa.runs import catalogue, survey


class Elsewhere:
    """Measures in this process what it is given, and notes the paths."""

    def __init__(self):
        self.given = []

    def submit(self, measure_one, target):
        self.given.append(target)
        future = Future()
        future.set_result(measure_one(target))
        return future


@pytest.fixture
def folders(maps_file, tmp_path):
    """A folder with a file, and the same as workers see it."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        shutil.copy(maps_file, folder / maps_file.name)
    return here, there


def test_workers_get_the_paths_that_they_see(folders, maps_file, tmp_path):
    here, there = folders
    executor = Elsewhere()
    survey(here, tmp_path / "run", executor=executor, worker_roots={here: there})
    assert executor.given == [str(there / maps_file.name)]
    assert catalogue(tmp_path / "run")["source"].tolist() == [str(here / maps_file.name)]
    # It is the file here that has not changed.
    os.remove(there / maps_file.name)
    again = Elsewhere()
    survey(here, tmp_path / "run", executor=again, worker_roots={here: there})
    assert again.given == []


def test_the_most_specific_root_counts(folders, maps_file, tmp_path):
    here, there = folders
    executor = Elsewhere()
    roots = {tmp_path: "/nowhere", here: there, there: "/nowhere", f"{here}/man": "/nowhere"}
    survey([here, "8485-1901"], tmp_path / "run", executor=executor, worker_roots=roots)
    assert executor.given == [str(there / maps_file.name), "8485-1901"]


def test_messages_have_the_paths_as_they_were_given(folders, tmp_path, monkeypatch):
    here, there = folders
    monkeypatch.chdir(here)
    summary = survey(
        "absent.fits", tmp_path / "run", executor=Elsewhere(), worker_roots={here: there}
    )
    [(source, message)] = summary.failures
    assert source == "absent.fits"
    assert "absent.fits" in message
    assert str(there) not in message


@pytest.mark.parametrize(
    ("roots", "message"),
    [
        ({"a": "b"}, "'b'; it must be an absolute path"),
        ({"": "/b"}, "worker_roots is empty"),
        ({"a": "~/b"}, "an absolute path"),
    ],
)
def test_roots_that_cannot_be(tmp_path, roots, message):
    with pytest.raises(ValueError, match=message):
        survey("8485-1901", tmp_path / "run", executor=Elsewhere(), worker_roots=roots)
    with pytest.raises(ValueError, match="worker_roots is only for an executor"):
        survey("8485-1901", tmp_path / "run", worker_roots={"/a": "/b"})
    assert not (tmp_path / "run").exists()


def test_roots_are_a_mapping(tmp_path):
    with pytest.raises(TypeError, match=r"worker_roots=\['/a'\] must map folders"):
        survey("8485-1901", tmp_path / "run", executor=Elsewhere(), worker_roots=["/a"])


def test_command(tmp_path, capsys):
    command = ["survey", "8485-1901", "--out", str(tmp_path / "run"), "--worker-root"]
    assert main([*command, "/a=/b"]) == 2
    assert "--worker-root is only for --dask" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*command, "/a"])
    assert "invalid value '/a': a folder here" in capsys.readouterr().err
