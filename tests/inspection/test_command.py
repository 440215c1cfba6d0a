import csv
import socket

import pytest

from mangapa.cli import main
from mangapa.inspection import Judgement
from mangapa.inspection._store_file import FILE_NAME


@pytest.mark.needs_sklearn
def test_agreement_prints_and_exports(store, tmp_path, capsys):
    for expert, classes in (("a", "212"), ("b", "012"), ("c", "211")):
        for galaxy, quality in zip(store.mangaids(), classes, strict=True):
            store.add(
                Judgement(expert=expert, galaxy=galaxy, tracer="stellar", quality=int(quality))
            )
    path, labels, disputed = tmp_path / FILE_NAME, tmp_path / "labels.csv", tmp_path / "list"
    command = ["agreement", str(path), "--export", str(labels), "--disputed", str(disputed)]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "a: 3 judgements" in said
    assert "Fleiss' kappa: 0.250 for the class" in said
    assert "b (rows: 0, 1, 2) and a (columns: 0, 1, 2):" in said
    assert "2 disputed fields" in said
    assert f"{labels}: 3 galaxies, 0 fields without a consensus" in said
    with labels.open() as file:
        assert {row["plateifu"]: row["stel_qual"] for row in csv.DictReader(file)} == {
            "7443-12703": "2", "8000-1901": "1", "8485-1901": "2",
        }  # fmt: skip
    assert disputed.read_text().split() == ["7443-12703", "8485-1901"]
    assert main(["agreement", str(path), "--expert", "d"]) == 2
    assert "'d' has judged nothing; the experts in the store are a, b, c" in capsys.readouterr().err


@pytest.mark.needs_sklearn
def test_agreement_imports_flags(tmp_path, capsys):
    published = tmp_path / "published.csv"
    published.write_text("plateifu,stel_qual,halpha_qual\n8485-1901,2,0\n")
    command = ["agreement", str(tmp_path / "new.sqlite"), "--import", str(published)]
    assert main(command) == 2
    assert "--import needs one --expert" in capsys.readouterr().err
    assert main([*command, "--expert", "published"]) == 0
    said = capsys.readouterr().out
    assert "2 new judgements of published" in said
    assert "no field was judged twice" in said


def test_missing_runs_and_stores(tmp_path, capsys):
    assert main(["inspect", str(tmp_path)]) == 1
    assert "begin one with 'mangapa survey" in capsys.readouterr().err
    assert main(["agreement", str(tmp_path / "absent.sqlite")]) == 1
    assert "create one with 'mangapa inspect RUN'" in capsys.readouterr().err
    assert not (tmp_path / "absent.sqlite").exists()


def test_inspect_without_galaxies_to_show(run, tmp_path, capsys):
    command = ["inspect", str(run), "--store", str(tmp_path / FILE_NAME), "--no-browser"]
    assert main([*command, "--order", "disagreement"]) == 0
    assert "no galaxies to show with --order disagreement" in capsys.readouterr().out
    (tmp_path / "list").write_text("1-1\n")
    assert main([*command, "--list", str(tmp_path / "list")]) == 2
    assert "the run has no field of 1-1" in capsys.readouterr().err
    assert main([*command, "--expert", " "]) == 2
    assert "--expert ' ' must be a name" in capsys.readouterr().err
    assert main([*command, "--expert", "a\udce9"]) == 2
    assert "--expert 'a\\udce9' must be a name" in capsys.readouterr().err


@pytest.mark.needs_flask
@pytest.mark.needs_plotly
def test_inspect_needs_a_port_that_exists_and_is_free(run, tmp_path, capsys):
    command = ["inspect", str(run), "--store", str(tmp_path / FILE_NAME), "--no-browser", "--port"]
    assert main([*command, "70000"]) == 2
    expected = "mangapa: port=70000 must be between 0 and 65535; 0 takes any free port\n"
    assert capsys.readouterr().err == expected
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        assert main([*command, str(number)]) == 1
    expected = f"port={number} cannot be opened (Address already in use); choose another port"
    assert expected in capsys.readouterr().err


@pytest.mark.promise(21)
@pytest.mark.needs_flask
@pytest.mark.needs_plotly
def test_run_that_cannot_be_written_is_inspected_with_a_store_elsewhere(
    run_of, tmp_path, tmp_path_factory, read_only
):
    """Without one, nothing is shown, so that no judgement is lost."""
    folder, store = run_of(["8485-1901"]), tmp_path_factory.mktemp("elsewhere") / FILE_NAME
    read_only(
        f"""
        import contextlib, io
        from mangapa.cli import main

        command = ["inspect", {str(folder)!r}, "--no-browser", "--port", "70000"]
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            assert main(command) == 1
            assert "name another file with --store" in said.getvalue()
            # It goes on to the next mistake.
            assert main([*command, "--store", {str(store)!r}]) == 2
        assert "port=70000" in said.getvalue()
        """
    )
    assert store.is_file()
