"""The galaxies of a run, as the page shows them."""

import math
from dataclasses import dataclass
from pathlib import Path

from mangapa.archive.releases import PLATEIFU
from mangapa.catalogue._flag_table import QUALITY_NAMES
from mangapa.fields import TRACERS
from mangapa.flags import PAFlags
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
    """The galaxies of a run that have a field to judge, each plate-IFU once."""

    folder: Path
    sources: dict  # source in the run, by name of the galaxy
    rows: dict  # row in the catalogue
    tracers: dict  # tracers that have an image

    @classmethod
    def of_run(cls, folder):
        """Find the galaxies of the run in ``folder``, finished or not."""
        sources, rows, tracers = {}, {}, {}
        with RunStore(folder) as store, store.snapshot():
            images = store.imaged()
            for source, row in store.rows():
                name = row.get("plateifu") or source
                if source in images and name not in sources:
                    sources[name], rows[name] = source, row
                    tracers[name] = tuple(t for t in TRACERS if t in images[source])
        if not sources:
            why = f"'mangapa status {folder}' explains why"
            msg = f"the run in {folder} has no velocity fields; {why}"
            raise FileNotFoundError(msg)
        return cls(folder=Path(folder), sources=sources, rows=rows, tracers=tracers)

    def mangaids(self):
        """MaNGA-ID of each galaxy by name; `None` if it is not known."""
        return {name: row.get("mangaid") for name, row in self.rows.items()}

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
        shown = {"galaxy": galaxy, "mangaid": row.get("mangaid"), "links": _links(galaxy)}
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


def _links(galaxy):
    """Pairs of a title and an address."""
    if not PLATEIFU.fullmatch(galaxy):
        return []
    plate, ifu = galaxy.split("-")
    return [[title, page.format(plate=plate, ifu=ifu)] for title, page in LINKS.items()]
