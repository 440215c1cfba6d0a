import os

import pytest

import mangapa
from mangapa.archive import expected_path
from mangapa.archive._addresses import table_address
from mangapa.catalogue import tabulate
from mangapa.cli import main
from tests.archive_server import write_dapall, write_drpall


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    for number in range(2):
        name = f"{8000 + number}-1901"
        galaxy = mangapa.simulate_galaxy(plateifu=name, n_fibres=19, seed=number)
        mangapa.write_maps(galaxy, folder / f"manga-{name}-MAPS-VOR10.fits.gz")
    return folder


@pytest.mark.quick
def test_survey_status_catalogue(folder, tmp_path, capsys):
    run, absent = tmp_path / "run", folder / "absent-MAPS-.fits"
    arguments = ["survey", str(folder), str(absent), "--out", str(run), "--jobs", "1"]
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert "3 of 3 galaxies done, 1 of them failed" in captured.out
    assert f"there is no file {absent}" in captured.err
    assert main(["status", str(run)]) == 0
    assert "galaxies a second" in capsys.readouterr().out
    assert main(["catalogue", str(run)]) == 0
    assert capsys.readouterr().out.strip() == str(run / "catalogue.ecsv")
    table = mangapa.read_catalogue(run / "catalogue.ecsv")
    assert table["plateifu"].tolist() == ["8000-1901", "8001-1901", None]
    assert f"there is no file {absent}" in table["error"][2]
    assert main(["catalogue", str(run), "--format", "votable"]) == 0
    assert len(mangapa.read_catalogue(run / "catalogue.vot")) == 3
    assert main(["catalogue", str(run), "--out", str(tmp_path / "mine.fits")]) == 0
    assert len(mangapa.read_catalogue(tmp_path / "mine.fits")) == 3
    assert main(["catalogue", str(run), "--format", "csv", "--out", "a.fits"]) == 2
    assert main([*arguments, "--sigma", "4"]) == 1
    assert "name another folder, or delete this one" in capsys.readouterr().err
    absent.write_bytes((folder / "manga-8000-1901-MAPS-VOR10.fits.gz").read_bytes())
    assert main([*arguments, "--retry"]) == 0
    absent.unlink()


def test_a_release(galaxy, tmp_path, capsys):
    paths = [table_address(name, release="DR17").path for name in ("drpall", "dapall")]
    write_drpall(paths[0], [("8485-1901", "1-2", 0.04, 1), ("7443-12703", "1-3", 0.02, 1)])
    write_dapall(paths[1], {"8485-1901": 0}, "HYB10-MILESHC-MASTARSSP")
    path = expected_path("8485-1901")
    path.parent.mkdir(parents=True, exist_ok=True)
    mangapa.write_maps(mangapa.simulate_galaxy(n_fibres=19, bintype="HYB10"), path)
    try:
        run = str(tmp_path / "run")
        assert main(["survey", "--where", "z > 0.03", "--out", run, "--jobs", "1"]) == 0
        assert "1 of 1 galaxies done" in capsys.readouterr().out
        assert main(["survey", "--out", run, "--jobs", "1"]) == 1
        assert "mangapa download 7443-12703" in capsys.readouterr().err
    finally:
        import shutil

        shutil.rmtree(os.environ["SAS_BASE_DIR"])


def test_no_run(tmp_path, capsys):
    assert main(["status", str(tmp_path)]) == 1
    assert "begin one with 'mangapa survey" in capsys.readouterr().err


@pytest.mark.needs_matplotlib
def test_compare(folder, tmp_path, capsys):
    measurements = [mangapa.measure(path) for path in sorted(folder.iterdir())]
    ours = tabulate(measurements)
    mangapa.write_catalogue(ours, tmp_path / "ours.ecsv")
    published = tmp_path / "published.csv"
    published.write_text(
        "plateifu,stellar_pa,halpha_pa,pa_offset\n"
        f"8000-1901,{ours['stellar_pa'][0].value + 40},{ours['halpha_pa'][0].value},2.5\n"
        "7443-12703,1,2,1\n"
    )
    figure = tmp_path / "both.png"
    command = ["compare", str(published), str(tmp_path / "ours.ecsv"), "--plot", str(figure)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "stellar_pa: 1 differ by more than 10 deg: 8000-1901 (-40)" in said
    assert "1 galaxies are not in A" in said
    assert "1 galaxies are not in B" in said
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert main(["compare", str(tmp_path / "absent.ecsv"), str(published)]) == 1
