"""Lists of disputed galaxies go from one command to the next."""

import pytest

from mangapa._utils.lists import read_list
from mangapa.cli import main
from mangapa.inspection import Judgement, JudgementStore
from mangapa.inspection._galaxies import InspectedGalaxies
from tests.hostile import NAMES


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
