import pytest

from mangapa._utils.files import printable
from mangapa.cli import main
from mangapa.inspection import Judgement, JudgementStore
from mangapa.inspection._galaxies import InspectedGalaxies
from mangapa.inspection._lists import read_list, write_list
from tests.hostile import NAMES


def test_lists_hold_any_names(tmp_path):
    names = ["8485-1901", "a b, 'c' \"d\" # e", " blanks ", "#", *map(printable, NAMES.values())]
    path = write_list(tmp_path / "list", names)
    assert read_list(path, known=names) == names


def test_names_with_line_breaks_stay_in_one_line(tmp_path):
    path = write_list(tmp_path / "list", ["a\nb", "c\rd"])
    assert read_list(path, known=()) == ["a\\nb", "c\\rd"]


def test_lists_of_other_editors_are_read(tmp_path):
    path = tmp_path / "list"
    path.write_bytes("\ufeff8485-1901 \r\n\r\n  7443-12703\r\nM 31".encode())
    assert read_list(path, known=["M 31"]) == ["8485-1901", "7443-12703", "M 31"]
    path.write_bytes(b"M\xe9ssier")
    with pytest.raises(ValueError, match="is not a list of names in UTF-8"):
        read_list(path, known=())
    with pytest.raises(FileNotFoundError, match="name a list of galaxies, one in each line"):
        read_list(tmp_path / "absent", known=())


@pytest.mark.needs_sklearn
@pytest.mark.needs_flask
def test_disputed_galaxies_can_be_inspected(run_of, tmp_path, capsys):
    """What agreement writes, inspect accepts: only then does it complain about the port."""
    run = run_of(["8485-1901", *NAMES.values()])
    names = list(InspectedGalaxies.of_run(run).rows)
    store, disputed = tmp_path / "judged.sqlite", tmp_path / "list"
    with JudgementStore(store, create=True) as opened:
        opened.add_galaxies(dict.fromkeys(names))
        for expert, quality in (("a", 0), ("b", 2)):
            for name in names:
                opened.add(Judgement(expert=expert, galaxy=name, tracer="stellar", quality=quality))
    assert main(["agreement", str(store), "--disputed", str(disputed)]) == 0
    assert sorted(read_list(disputed, known=names)) == sorted(names)
    command = ["inspect", str(run), "--store", str(store), "--list", str(disputed)]
    capsys.readouterr()
    assert main([*command, "--port", "70000", "--no-browser"]) == 2
    assert "port=70000 must be between 0 and 65535" in capsys.readouterr().err
    disputed.write_text("8485-1901 M 31\n")
    assert main([*command, "--no-browser"]) == 2
    assert "the run has no field of 8485-1901 M 31; remove" in capsys.readouterr().err
