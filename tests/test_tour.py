"""The notebook in the documentation runs from its first cell to its last."""

from pathlib import Path

import pytest

TOUR = Path(__file__).parents[1] / "docs" / "tour.ipynb"


@pytest.mark.needs_marvin
@pytest.mark.needs_matplotlib
def test_tour(tmp_path, monkeypatch):
    monkeypatch.delenv("MPLBACKEND")
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(TOUR, as_version=4)
    kept = _texts(notebook)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    # The pages of the documentation show the outputs that are kept.
    assert _texts(notebook) == kept
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    printed = "".join(output.get("text", "") for output in outputs)
    assert "misaligned: True  counter-rotating: False" in printed
    assert "[True False --]" in printed
    kinds = [output.get("data", {}) for output in outputs]
    assert len([data for data in kinds if "image/png" in data]) == 2
    shown = [data["text/html"] for data in kinds if 'class="mangapa"' in data.get("text/html", "")]
    assert [html.count("<img") for html in shown] == [1, 1]
    assert ">KinematicPA<" in shown[0]
    assert ">Measurement<" in shown[1]


@pytest.mark.needs_matplotlib
@pytest.mark.slow
@pytest.mark.parametrize(
    "cell", ["galaxy.plot()", "figure = galaxy.plot()", "figure = galaxy.plot()\nfigure"]
)
def test_a_notebook_shows_a_figure_once(tmp_path, monkeypatch, cell):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    first = "import mangapa\ngalaxy = mangapa.simulate_galaxy(n_fibres=19, seed=1)"
    cells = [nbformat.v4.new_code_cell(source) for source in (first, cell, "figure = None")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    path = {"metadata": {"path": tmp_path}}
    nbclient.NotebookClient(notebook, timeout=120, resources=path).execute()
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert len([one for one in outputs if "image/png" in one.get("data", {})]) == 1


def _texts(notebook):
    """What each cell but that of the imports printed or returned, as text, without warnings."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"][1:]
    outputs = [
        output for cell in cells for output in cell.outputs if output.get("name") != "stderr"
    ]
    return "".join(
        output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs
    )
