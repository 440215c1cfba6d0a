"""The page of a run: one file that needs nothing else, neither a server nor a network."""

import base64
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from mangapa._utils.files import replacing
from mangapa.catalogue import sample, share
from mangapa.catalogue.columns import QUALITY_NAMES, catalogue_columns
from mangapa.fields import TRACERS
from mangapa.flags import PAFlags, UsabilityFlags
from mangapa.plotting import COLOURS
from mangapa.report import _figures as figures
from mangapa.report._pictures import drawn
from mangapa.runs._images import FieldImage
from mangapa.runs._store import RunStore
from mangapa.runs._survey import RunSummary, tabulate_run

__all__ = ["FILE_NAME", "write_report"]

#: In the folder of a run.
FILE_NAME = "report.html"
#: Packages of the extra, by the names under which they are imported.
NEEDED = ("itables", "jinja2", "PIL", "plotly")
#: What the page is to know of each galaxy, and of each of its fields.
COLUMNS = ("plateifu", "mangaid", "pa_offset", "pa_offset_err")
TRACER_COLUMNS = (
    *("pa", "pa_err", "score", "v_sys", "n_spaxels"),
    *("kdc", "counter_rotating_core", "warp", "disturbed", "asymmetry"),
)


def write_report(folder, path=None, *, progress=True):
    """
    Write the page of a run, finished or not.

    Counts, figures, failures, and a table of all galaxies that sorts and filters, with pictures of
    their fields.

    Parameters
    ----------
    folder : path-like
        Of the run.
    path : path-like, optional
        Where to; ``report.html`` in the run if not given. An existing file is replaced in one step.
    progress : `bool`, optional
        Show a progress bar, if there is a terminal.

    Returns
    -------
    `~pathlib.Path`
        The page.

    Raises
    ------
    FileNotFoundError
        If there is no run.
    ImportError
        If the extra ``report`` is not installed.
    """
    for package in NEEDED:
        if find_spec(package) is None:
            msg = f"reports need {package}: pip install 'mangapa[report]'"
            raise ImportError(msg)
    from jinja2 import Environment, PackageLoader
    from plotly.colors import get_colorscale
    from plotly.offline import get_plotlyjs

    path = Path(folder) / FILE_NAME if path is None else Path(path)
    with RunStore(folder) as store, store.snapshot():
        table, summary = tabulate_run(store), RunSummary.of_store(store)
        galaxies = list(_galaxies(store, len(table), progress))
    drawn = {
        "misalignments": figures.misalignments(table),
        "position_angles": figures.position_angles(table),
        "errors_and_scores": figures.errors_and_scores(table),
    }
    environment = Environment(
        loader=PackageLoader("mangapa.report", "template"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    parts = environment.get_template("report.html").stream(
        summary=summary,
        meta=table.meta,
        settings=", ".join(
            f"{name} {value}"
            for name, value in table.meta["settings"].items()
            if value is not None and name != "model_sha256"
        ),
        facts=_facts(table, summary),
        data={"galaxies": galaxies, "figures": drawn, "colours": get_colorscale(COLOURS)},
        plotly=get_plotlyjs(),
        datatables=_as_data(_from_itables("dt_bundle.js"), "text/javascript"),
        datatables_style=_from_itables("dt_bundle.css"),
    )
    with replacing(path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
        file.writelines(parts)
    return path


def _from_itables(name):
    """A part of DataTables, which the package itables carries."""
    return (resources.files("itables") / "html" / name).read_text(encoding="utf-8")


def _as_data(text, kind):
    return f"data:{kind};base64,{base64.b64encode(text.encode()).decode('ascii')}"


def _facts(table, summary):
    """What to know first: pairs of a number and what it is of."""
    stars, gas = (np.ma.filled(table[name], 0) > 0 for name in QUALITY_NAMES.values())
    facts = [
        (f"{summary.measured:,}", f"of {summary.total:,} galaxies measured"),
        (f"{summary.failed:,}", "failed"),
        (f"{summary.left:,}", "left to do"),
        (f"{stars.sum():,}", "fields of stars usable"),
        (f"{gas.sum():,}", "fields of H\N{GREEK SMALL LETTER ALPHA} usable"),
        (f"{len(sample(table, 'misalignment')):,}", "galaxies usable in both"),
    ]
    for name, what in (("misaligned", "misaligned"), ("counter-rotators", "counter-rotating")):
        part = share(table, name, of="misalignment")
        if part.total:
            error = 50 * (part.high - part.low)
            number = f"{100 * part.fraction:.1f} \N{PLUS-MINUS SIGN} {error:.1f} %"
            facts.append((number, f"of these {what} ({part.number:,})"))
    return facts


def _galaxies(store, total, progress):
    """What the page is to know of each galaxy that was measured; "row" is that of the catalogue."""
    from tqdm import tqdm

    rows = tqdm(
        store.rows(),
        total=total,
        unit="galaxy",
        leave=False,
        disable=None if progress else True,
    )
    decimals = {column.name: column.decimals for column in catalogue_columns()}
    for number, (source, row) in enumerate(rows):
        if row["error"]:
            continue
        short = {
            name: round(value, decimals[name]) if isinstance(value, float) else value
            for name, value in row.items()
        }
        galaxy = {"row": number, **{name: short[name] for name in COLUMNS}}
        images, profiles = store.images(source), store.profiles(source)
        for tracer in TRACERS:
            galaxy[tracer] = field = {
                **{name: short[f"{tracer}_{name}"] for name in TRACER_COLUMNS},
                **_judged(row, tracer),
                "profile": profiles.get(tracer),
            }
            if tracer in images:
                field |= drawn(FieldImage.from_bytes(images[tracer]), field["v_sys"])
        yield galaxy


def _judged(row, tracer):
    """Whether a field can be used, and what is to be known of it, in words."""
    unsure = UsabilityFlags(row[f"{tracer}_usability_flags"]) & UsabilityFlags.CANNOT_TELL
    said = PAFlags(row[f"{tracer}_flags"]).description, unsure.description
    return {
        "usable": bool(row[QUALITY_NAMES[tracer]]),
        "flags": "; ".join(filter(None, said)),
    }
