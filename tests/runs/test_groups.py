"""Files of one observation are one source, by their names; repeats stay apart."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from mangapa.catalogue import read_catalogue
from mangapa.cli import main
from mangapa.exceptions import MangapaWarning
from mangapa.formats._groups import pattern_of
from mangapa.runs import catalogue, survey
from mangapa.runs._sources import Source, file_stamp, listed
from tests.formats.toy import TOY, write_toy

FILES = [
    f"{observation}_{tracer}_default.fits"
    for observation in ("NGC1_A", "NGC1_B", "NGC10_A")
    for tracer in ("halpha", "stellar")
]


@pytest.fixture
def folder(add_format, tmp_path):
    """A folder with empty files: names are all that counts."""
    add_format(TOY)
    folder = tmp_path / "toy"
    folder.mkdir()
    for name in FILES:
        (folder / name).touch()
    return folder


@pytest.fixture
def true_folder(add_format, tmp_path):
    """One galaxy, observed twice."""
    add_format(TOY)
    folder = tmp_path / "toy"
    folder.mkdir()
    for observation, pa in (("A", 40), ("B", 42)):
        write_toy(folder, "NGC1", observation, "stellar", pa=pa)
        write_toy(folder, "NGC1", observation, "halpha", pa=pa + 180)
    return folder


def spellings(sources):
    return [source.spelling for source in listed(sources)]


def test_pattern_of_several_files():
    assert pattern_of(["a.fits"]) == "a.fits"
    assert pattern_of(["7_A_gas.fits", "7_A_stars.fits"]) == "7_A_*.fits"
    assert pattern_of(["x/gas_A", "x/stars_A"]) == "x/*_A"
    assert pattern_of(["x/a[1]_gas", "x/a[1]_kin"]) == "x/a[[]1]_*"
    assert pattern_of(["ab", "aab"]) == "a*"
    assert pattern_of(["x/a", "y/a"]) == "x/a, y/a"


def test_files_of_one_observation_are_one_source(folder, monkeypatch):
    expected = ["NGC10_A_*_default.fits", "NGC1_A_*_default.fits", "NGC1_B_*_default.fits"]
    assert spellings(folder) == [f"{folder}/{one}" for one in expected]
    assert spellings(f"{folder}/NGC1_*") == [f"{folder}/{one}" for one in expected[1:]]
    monkeypatch.chdir(folder)
    assert spellings(FILES) == [*expected[1:], expected[0]]
    # What it is called can be given again.
    for one in expected:
        assert spellings(one) == [one]
    [source] = listed(FILES[:2])
    assert source.target == tuple(str(folder / name) for name in FILES[:2])
    assert source.identity == f"toy:{folder}/NGC1_A"


def test_one_file_is_the_same_source_as_both(folder):
    both, [one] = listed(folder)[1], listed(folder / FILES[1])
    assert both.identity == one.identity
    assert one.target == (str(folder / FILES[1]),)
    assert one.spelling == str(folder / FILES[1])


def test_folders_stay_apart(folder, tmp_path):
    other = tmp_path / "more"
    other.mkdir()
    (other / FILES[0]).touch()
    assert len(listed(tmp_path)) == 4


def test_links_to_the_files_are_the_same_source(folder, tmp_path):
    links = tmp_path / "links"
    links.mkdir()
    for name in FILES[:2]:
        (links / name).symlink_to(folder / name)
    with pytest.warns(MangapaWarning, match=r"2 sources are the same files as others .*/links/"):
        assert len(listed([folder, links])) == 3
    # Stores of large files keep them under other names.
    renamed = [path.rename(tmp_path / f"{path.name[-9:]}") for path in (folder / FILES[3],)]
    (folder / FILES[3]).symlink_to(renamed[0])
    assert len(listed(folder)) == 3


def test_what_is_left_out_of_a_folder_is_told(folder):
    for name in ("atlas.fits", "NGC1_A_flux_default.fits.gz", "notes.txt", ".x_A_halpha_a.fits"):
        (folder / name).touch()
    (folder / f"{FILES[0]}.part").touch()
    message = (
        r"FITS files in the folder .* are left out, 2 in all, such as .*NGC1_A_flux.*: their names"
    )
    with pytest.warns(MangapaWarning, match=message):
        assert len(listed(folder)) == 3


def test_a_folder_of_unknown_names_stands_for_its_fits_files(tmp_path):
    for name in ("a.fits", "b.FITS.gz", "c.fit", "d.fits.part", "notes.txt", ".e.fits"):
        (tmp_path / name).touch()
    assert [os.path.basename(one) for one in spellings(tmp_path)] == [
        "a.fits",
        "b.FITS.gz",
        "c.fit",
    ]


def test_stamp_of_several_files(folder):
    for name in FILES[:2]:
        os.utime(folder / name, ns=(5, 7))
    source = listed(folder)[1]
    assert file_stamp(source) == [[name, 0, 7] for name in FILES[:2]]
    assert file_stamp(replace(source, target=(*source.target, "/absent"))) is None
    assert file_stamp(Source.of(str(folder / FILES[0]))) == [[FILES[0], 0, 7]]


def run(sources, out, **options):
    """A survey in this process, in which the toy format is known."""
    with ThreadPoolExecutor(1) as executor:
        return survey(sources, out, executor=executor, progress=False, **options)


def test_survey_of_a_folder(true_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("toy", "run").measured == 2
    table = catalogue("run")
    assert table["name"].tolist() == ["NGC1", "NGC1"]
    assert table["observation"].tolist() == ["A", "B"]
    assert table["source"].tolist() == ["toy/NGC1_A_*_default.fits", "toy/NGC1_B_*_default.fits"]
    assert abs(table["stellar_pa"].value - [40, 42]).max() < 2
    assert abs(table["halpha_pa"].value - [220, 222]).max() < 2
    # Nothing is left to do, however it is given.
    assert run(["./toy/NGC1_A_stellar_default.fits", tmp_path / "toy/NGC1_B*"], "run").total == 2
    assert catalogue("run")["source"].tolist() == table["source"].tolist()


def test_a_file_more_is_another_measurement(true_folder, tmp_path):
    gas = true_folder / "NGC1_A_halpha_default.fits"
    gas.rename(tmp_path / gas.name)
    run(true_folder, tmp_path / "run")
    before = catalogue(tmp_path / "run")
    assert np.isnan(before["halpha_pa"]).tolist() == [True, False]
    assert before["source"][0] == str(true_folder / "NGC1_A_stellar_default.fits")
    (tmp_path / gas.name).rename(gas)
    with pytest.warns(MangapaWarning, match=r"1 files have changed since .*NGC1_A_\*_default"):
        # The other file is known already.
        run(gas, tmp_path / "run")
    after = catalogue(tmp_path / "run")
    assert after["observation"].tolist() == ["A", "B"]
    assert after["source"][0] == str(true_folder / "NGC1_A_*_default.fits")
    assert abs(after["halpha_pa"][0].value - 220) < 2
    assert after["stellar_pa"][0] == before["stellar_pa"][0]


def test_missing_files_and_any_order_are_known_again(true_folder, tmp_path):
    files = sorted(map(str, true_folder.iterdir()))[::-1]
    missing = f"{true_folder}/NGC2_A_stellar_default.fits"
    for _ in range(2):
        # The second time, all are known, so that there is no warning.
        summary = run([*files, missing], tmp_path / "run")
        assert (summary.measured, summary.failed) == (2, 1)
    assert "there is no file" in summary.failures[0][1]
    table = catalogue(tmp_path / "run")
    assert table["name"].tolist() == ["NGC1", "NGC1", "NGC2_A_stellar_default"]
    os.remove(files[0])
    with pytest.warns(MangapaWarning, match="1 files have changed"):
        run(true_folder, tmp_path / "run")
    assert len(catalogue(tmp_path / "run")) == 3


def test_a_changed_file_of_several(true_folder, tmp_path):
    run(true_folder, tmp_path / "run")
    path = true_folder / "NGC1_B_halpha_default.fits"
    path.unlink()
    write_toy(true_folder, "NGC1", "B", "halpha", pa=100)
    with pytest.warns(MangapaWarning, match="1 files have changed since they were measured"):
        run(true_folder, tmp_path / "run")
    assert abs(catalogue(tmp_path / "run")["halpha_pa"][1].value - 100) < 2


def test_errors_name_the_file_as_it_was_given(true_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = true_folder / "NGC1_B_halpha_default.fits"
    path.write_bytes(path.read_bytes()[:-1])
    summary = run("toy", "run")
    [(source, message)] = summary.failures
    assert source == "toy/NGC1_B_*_default.fits"
    assert message.startswith("toy/NGC1_B_halpha_default.fits is truncated")
    row = catalogue("run")[1]
    assert (row["name"], row["source"], row["error"]) == ("NGC1_B", source, message)
    assert main(["measure", *sorted(map(str, true_folder.glob("*")))]) == 1
    assert f"mangapa: {path} is truncated" in capsys.readouterr().err


def test_an_option_of_the_survey(true_folder, tmp_path):
    for tracer in ("stellar", "halpha"):
        write_toy(true_folder, "NGC1", "A", tracer, pa=90, binning="coarse")
    summary = run(true_folder, tmp_path / "run", binning="coarse")
    assert (summary.measured, summary.failed) == (1, 1)
    table = catalogue(tmp_path / "run")
    assert abs(table["stellar_pa"][0].value - 90) < 2
    assert table["error"][1].endswith("has no binning 'coarse'")
    assert table.meta["settings"]["binning"] == "coarse"


def test_command_measures_the_files_of_a_galaxy_together(
    true_folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(true_folder)
    files = sorted(path.name for path in true_folder.iterdir())
    out = tmp_path / "all.ecsv"
    assert main(["measure", *files, f"./{files[0]}", "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert captured.err == f"mangapa: ./{files[0]} is the same as {files[0]}; it is measured once\n"
    head, _, _, first, second, *_ = captured.out.splitlines()
    assert head.split()[:3] == ["name", "observation", "stellar_pa"]
    assert (first.split()[:2], second.split()[:2]) == (["NGC1", "A"], ["NGC1", "B"])
    table = read_catalogue(out)
    assert table["source"].tolist() == ["NGC1_A_*_default.fits", "NGC1_B_*_default.fits"]


def test_galaxies_of_manga_stay_as_they_are(maps_file):
    other = maps_file.with_name("manga-9999-1901-MAPS-SPX.fits.gz")
    other.write_bytes(maps_file.read_bytes())
    found = listed(maps_file.parent)
    assert [one.target for one in found] == [one.identity for one in found]
    assert [one.spelling for one in found] == [str(other), str(maps_file)]
