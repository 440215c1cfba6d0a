"""The notebook in the documentation runs from beginning to end."""

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
    assert not any(cell.get("outputs") for cell in notebook.cells), "commit it without outputs"
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": tmp_path}}).execute()
    said = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ())
    )
    assert "misaligned: True  counter-rotating: False" in said
    drawn = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    assert len(drawn) == 4
