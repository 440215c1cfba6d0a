"""The report of a run: one HTML file that needs neither a server nor a network."""

import base64
import contextlib
import errno
import json
import os
import secrets
import zlib
from collections import Counter
from importlib import resources
from pathlib import Path

import numpy as np

from mangapa._directions import LARGEST_DRAWN
from mangapa._utils.files import as_path, printable, replacing
from mangapa._utils.html import data_uri
from mangapa._utils.imports import import_extra
from mangapa._utils.progress import progress_bar
from mangapa._utils.types import PathLike
from mangapa.catalogue import sample, share, true_share
from mangapa.catalogue._flag_table import QUALITY_NAMES
from mangapa.catalogue.columns import catalogue_columns
from mangapa.fields import TRACER_TITLES, TRACERS
from mangapa.flags import PAFlags, UsabilityFlags
from mangapa.plotting import COLOURS
from mangapa.report import _figures as figures
from mangapa.report import _kinematics as kinematics
from mangapa.report._labels import labels
from mangapa.report._pictures import FIRST, packed, palette, profile_cut
from mangapa.runs._images import FieldImage
from mangapa.runs._store import RunStore
from mangapa.runs._summary import RunSummary, tabulate_run

#: Name of the report in the folder of a run.
FILE_NAME = "report.html"
#: Errors that another place for the report avoids.
UNWRITABLE = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR),
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
)
#: Modules of the extra.
NEEDED = ("jinja2", "itables", "PIL", "plotly")
#: An angle counts as reliable above this probability.
RELIABLE = 0.9
#: Number of galaxies whose fields the page unpacks together: the more, the smaller is the page, but
#: the more it unpacks to draw one of them.
TOGETHER = 32
#: Columns that the page needs for each galaxy, and for each of its fields.
COLUMNS = ("plateifu", "mangaid", "pa_offset", "pa_offset_err", "misaligned_probability", "error")
#: Settings that only count for galaxies that are given by name, and how the page calls them.
ASKED = {name: f"{name} of galaxies given by name" for name in ("release", "daptype")}
TRACER_COLUMNS = (
    *("pa", "pa_err", "score", "reliability", "v_sys", "n_spaxels"),
    *("kdc", "counter_rotating_core", "warp", "disturbed", "asymmetry"),
)


def write_report(folder: PathLike, path: PathLike | None = None, *, progress: bool = True) -> Path:
    """
    Write an HTML report of a run, finished or not.

    It shows counts, figures, failures, and a table of all galaxies with pictures of their fields.

    Parameters
    ----------
    folder : path-like
        Folder of the run.
    path : path-like, optional
        File, ``report.html`` in the folder by default. An existing one is replaced in one step.
    progress : `bool`, optional
        Show a progress bar on a terminal.

    Returns
    -------
    `~pathlib.Path`
        The report.

    Raises
    ------
    FileNotFoundError
        If the folder holds no run.
    OSError
        If the report cannot be written there.
    ImportError
        If the extra ``report`` is not installed.
    """
    jinja2, *_ = [import_extra(name, "report", "a report") for name in NEEDED]
    from plotly.colors import get_colorscale
    from plotly.offline import get_plotlyjs

    folder = as_path("folder", folder)
    path = folder / FILE_NAME if path is None else as_path("path", path)
    with RunStore(folder) as store, store.snapshot(), _page_at(path) as file:
        table, summary = tabulate_run(store), RunSummary.of_store(store)
        names = labels(store.rows())
        galaxies, classes = [], {}
        if kinematics.are_measured(table.meta["settings"]):
            classes = kinematics.class_choices(row for _, row in store.rows())
        loader = jinja2.PackageLoader("mangapa.report", "template")
        environment = jinja2.Environment(
            loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, finalize=_shown
        )
        settings = {n: v for n, v in table.meta["settings"].items() if v is not None}
        shown = {ASKED.get(name, name): value for name, value in settings.items()}
        parts = environment.get_template("report.html").stream(
            summary=summary,
            meta=table.meta,
            titles=TRACER_TITLES,
            largest_drawn=LARGEST_DRAWN,
            method=settings.get("method"),
            settings=shown,
            judge=_judge(settings),
            data_of=_observed(table),
            classes=classes,
            facts=_facts(table, summary),
            # The template writes the parts first, which fill the list.
            parts=_parts(_galaxies(store, names, progress, bool(classes)), galaxies),
            galaxies=galaxies,
            deflated=_deflated,
            data={
                "figures": {
                    "misalignments": figures.misalignments(table),
                    "position_angles": figures.position_angles(table, names),
                    "errors_and_scores": figures.errors_and_scores(table, names),
                },
                "colours": get_colorscale(COLOURS),
                "palette": palette(),
                **({"dispersion": kinematics.look()} if classes else {}),
                "first": FIRST,
                "together": TOGETHER,
            },
            plotly=get_plotlyjs(),
            datatables=data_uri(_datatables("dt_bundle.js").encode(), "text/javascript"),
            datatables_style=_datatables("dt_bundle.css"),
            # Only scripts with this number run, which nothing in the data can know.
            nonce=secrets.token_urlsafe(16),
        )
        file.writelines(parts)
    return path


@contextlib.contextmanager
def _page_at(path):
    """Open the new page, before the work begins; the error says where else to put it."""
    elsewhere = "name another file with 'mangapa report RUN --out FILE.html'"
    if not path.parent.is_dir():
        msg = f"there is no folder {path.parent} for the report; create it, or {elsewhere}"
        raise FileNotFoundError(msg)
    try:
        with replacing(path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
            yield file
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        msg = f"the report {path} cannot be written ({os.strerror(error.errno)}); {elsewhere}"
        raise type(error)(msg) from error


def _shown(value):
    """Text as the template shows it: a lone surrogate, for one, cannot be written to a file."""
    return printable(value) if type(value) is str else value


def _datatables(name):
    """A file of DataTables, which the package itables contains."""
    return (resources.files("itables") / "html" / name).read_text(encoding="utf-8")


def _judge(settings):
    """What judged the fields, so that two models of one name are told apart."""
    model, files = settings.get("model"), settings.get("model_sha256")
    name = "the network of mangapa" if model == "default" else f"the model {model}"
    digests = [f"{digest[:12]}\N{HORIZONTAL ELLIPSIS}" for digest in (files or {}).values()]
    return f"{name} (SHA-256 {', '.join(digests)})" if digests else name


def _observed(table):
    """Releases and analyses of the files that were measured, with the number of each."""
    columns = (np.ma.filled(table[name], "") for name in ("survey", "release", "daptype"))
    found = Counter(" ".join(filter(None, texts)) for texts in zip(*columns, strict=True))
    return ", ".join(f"{text} ({number:,})" for text, number in found.most_common() if text)


def _facts(table, summary):
    """The numbers at the top, as pairs of a number and its description."""
    whole = np.ma.filled(table["error"], "") == ""
    bare = whole & np.all([np.isnan(table[f"{tracer}_pa"]) for tracer in TRACERS], axis=0)
    seen = np.any([np.ma.filled(table[f"{one}_n_spaxels"], 0) > 0 for one in TRACERS], axis=0)
    stars, gas = (np.ma.filled(table[name], 0) > 0 for name in QUALITY_NAMES.values())
    facts = [
        (f"{summary.measured - bare.sum():,}", f"of {summary.total:,} galaxies have an angle"),
        (f"{bare.sum():,}", f"without an angle ({(bare & ~seen).sum():,} with no good spaxel)"),
        (f"{summary.failed:,}", "failed"),
        (f"{summary.left:,}", "not measured yet"),
        (f"{stars.sum():,}", "usable stellar fields"),
        (f"{gas.sum():,}", f"usable {TRACER_TITLES['halpha']} fields"),
        (f"{len(sample(table, 'misalignment')):,}", "galaxies with both fields usable"),
    ]
    for name, what in (("misaligned", "misaligned"), ("counter-rotators", "counter-rotating")):
        part = share(table, name, of="misalignment")
        if part.total:
            error = 50 * (part.high - part.low)
            number = f"{100 * part.fraction:.1f} \N{PLUS-MINUS SIGN} {error:.1f} %"
            facts.append((number, f"of these {what} ({part.number:,})"))
        true = true_share(table, name)
        if true.number:
            number = f"{true.fraction:.1%} \N{PLUS-MINUS SIGN} {true.error:.1%}".replace("%", " %")
            text = (
                f"{what} with errors accounted for ({true.unconstrained:,} unconstrained left out)"
            )
            facts.append((number, text))
    expected = table["misaligned_probability"][figures.both_usable(table)]
    if np.isfinite(expected).any():
        number = f"{np.nansum(expected):.1f}"
        facts.append((number, "sum of the probabilities of misalignment, of both fields usable"))
    reliability = (np.ma.filled(table[f"{tracer}_reliability"], np.nan) for tracer in TRACERS)
    reliable = sum(np.sum(one > RELIABLE) for one in reliability)
    facts.append((f"{reliable:,}", f"angles with a reliability above {RELIABLE}"))
    return facts


def _deflated(value):
    """A value as the page unpacks it: JSON, deflated, as text."""
    content = json.dumps(value, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(content, 9)).decode()


def _parts(pairs, galaxies):
    """Yield the fields of galaxies as text, some together; the rest goes to a list."""
    fields = []
    for galaxy, drawn in pairs:
        galaxies.append(galaxy)
        fields.append(drawn)
        if len(fields) == TOGETHER:
            yield _deflated(fields)
            fields = []
    yield _deflated(fields)


def _galaxies(store, names, progress, with_kinematics):
    """
    Yield what the table shows of each galaxy, and how its fields are drawn, by tracer.

    "row" is its row in the catalogue. A galaxy that failed may have no fields.
    """
    decimals = {column.name: column.decimals for column in catalogue_columns(None)}
    rows = progress_bar(store.rows(), show=progress, total=len(names))
    for number, (source, row) in enumerate(rows):
        short = {
            name: round(value, decimals[name]) if isinstance(value, float) else _shown(value)
            for name, value in row.items()
        }
        galaxy = {
            "row": number,
            "name": names[number],
            **{name: short.get(name) for name in COLUMNS},
        }
        if f"{TRACERS[0]}_flags" not in row:
            yield galaxy, {}
            continue
        images, profiles, fields = store.images(source), store.profiles(source), {}
        for tracer in TRACERS:
            doubts = UsabilityFlags.CANNOT_TELL | UsabilityFlags.UNFAMILIAR
            doubts &= row[f"{tracer}_usability_flags"]
            flags = PAFlags(row[f"{tracer}_flags"]), UsabilityFlags(doubts)
            galaxy[tracer] = {
                **{name: short[f"{tracer}_{name}"] for name in TRACER_COLUMNS},
                "usable": bool(row[QUALITY_NAMES[tracer]]),
                "flags": "; ".join(flag.description for flag in flags if flag),
            }
            if with_kinematics:
                galaxy[tracer] |= kinematics.kinematics_of(tracer, short)
            profile = profiles.get(tracer)
            cut = profile_cut(profile, row[f"{tracer}_pa"])
            fields[tracer] = {"profile": profile, "cut": cut}
            if tracer in images:
                image = FieldImage.from_bytes(images[tracer])
                fields[tracer] |= packed(image, galaxy[tracer]["v_sys"])
                if with_kinematics:
                    fields[tracer] |= kinematics.dispersions_of(image)
        yield galaxy, fields
