"""The galaxies of a run, as the page shows them."""

import math
from dataclasses import dataclass
from pathlib import Path

from mangapa._utils.files import printable
from mangapa.archive.releases import PLATEIFU
from mangapa.catalogue._flag_table import QUALITY_NAMES
from mangapa.fields import TRACERS
from mangapa.flags import PAFlags
from mangapa.report._labels import keys, labels
from mangapa.report._pictures import drawn
from mangapa.runs._images import FieldImage
from mangapa.runs._store import RunStore

#: Pages of a galaxy elsewhere; DR17 holds all MaNGA galaxies.
LINKS = {
    "Marvin": "https://dr17.sdss.org/marvin/galaxy/{plate}-{ifu}/",
    "SDSS image": "https://data.sdss.org/sas/dr17/manga/spectro/redux/v3_1_1/{plate}/images/"
    "{ifu}.png",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class InspectedGalaxies:
    """
    The galaxies of a run that have a field to judge, by the name under which they are judged.

    Several observations or analyses of a galaxy are judged each on its own; then the name goes on
    with the observation, the analysis or the source.
    """

    folder: Path
    sources: dict  # source in the run
    rows: dict  # row in the catalogue
    tracers: dict  # tracers that have an image
    labels: dict  # name that is shown

    @classmethod
    def of_run(cls, folder):
        """Find the galaxies of the run in ``folder``, finished or not."""
        with RunStore(folder) as store, store.snapshot():
            images = store.imaged()
            found = [(source, row) for source, row in store.rows() if source in images]
        if not found:
            why = f"'mangapa status {folder}' explains why"
            msg = f"the run in {folder} has no velocity fields; {why}"
            raise FileNotFoundError(msg)
        names = keys(found)
        return cls(
            folder=Path(folder),
            sources={name: source for name, (source, _) in zip(names, found, strict=True)},
            rows={name: row for name, (_, row) in zip(names, found, strict=True)},
            tracers={
                name: tuple(tracer for tracer in TRACERS if tracer in images[source])
                for name, (source, _) in zip(names, found, strict=True)
            },
            labels=dict(zip(names, labels(found), strict=True)),
        )

    def mangaids(self):
        """MaNGA-ID of each galaxy by name; `None` if it is not known."""
        mangaids = {name: row.get("mangaid") for name, row in self.rows.items()}
        return {name: printable(one) if one else None for name, one in mangaids.items()}

    def scores(self):
        """Score of each field by galaxy and tracer; NaN if there is none."""
        return {name: {t: self._score(name, t) for t in self.tracers[name]} for name in self.rows}

    def _score(self, galaxy, tracer):
        score = self.rows[galaxy].get(f"{tracer}_score")
        return math.nan if score is None else score

    def shown(self, galaxy, *, scores=False):
        """Plain values that the page shows of a galaxy; with ``scores``, also the network's."""
        row = self.rows[galaxy]
        with RunStore(self.folder) as store:
            source = self.sources[galaxy]
            images, profiles = store.images(source), store.profiles(source)
        answers = self.network(galaxy) if scores else {}
        shown = {"galaxy": galaxy, "label": self.labels[galaxy], "mangaid": row.get("mangaid")}
        shown["links"] = _links(row.get("plateifu") or "")
        shown |= {name: _rounded(row.get(name)) for name in ("pa_offset", "pa_offset_err")}
        for tracer in TRACERS:
            shown[tracer] = {
                **{name: _rounded(row.get(f"{tracer}_{name}")) for name in ("pa", "pa_err")},
                "flags": PAFlags(row.get(f"{tracer}_flags") or 0).description,
                "profile": profiles.get(tracer),
                **answers.get(tracer, {}),
            }
            if tracer in images:
                image = FieldImage.from_bytes(images[tracer])
                shown[tracer] |= drawn(image, _rounded(row.get(f"{tracer}_v_sys")))
        return shown

    def network(self, galaxy):
        """The ``score`` of each field, and whether the network calls it ``usable``, by tracer."""
        return {
            tracer: {
                "score": _rounded(self._score(galaxy, tracer), 2),
                "usable": bool(self.rows[galaxy].get(QUALITY_NAMES[tracer])),
            }
            for tracer in self.tracers[galaxy]
        }


def _rounded(value, decimals=1):
    """Round a number for JSON; `None` if it is missing or not finite."""
    return None if value is None or not math.isfinite(value) else round(value, decimals)


def _links(plateifu):
    """Pairs of a title and an address."""
    if not PLATEIFU.fullmatch(plateifu):
        return []
    plate, ifu = plateifu.split("-")
    return [[title, page.format(plate=plate, ifu=ifu)] for title, page in LINKS.items()]
