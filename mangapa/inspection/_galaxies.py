"""The galaxies of a run, as a page shows them one by one."""

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

__all__ = ["InspectedGalaxies"]

#: Pages for the curious; of DR17, which holds all galaxies.
MARVIN_PAGE = "https://dr17.sdss.org/marvin/galaxy/{plate}-{ifu}/"
SDSS_IMAGE = (
    "https://data.sdss.org/sas/dr17/manga/spectro/redux/v3_1_1/{plate}/images/{ifu}.png"
)  # fmt: skip
#: What is said of an angle.
DECIMALS = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class InspectedGalaxies:
    """
    The galaxies of a run of which there is a field to judge.

    Attributes
    ----------
    folder : `~pathlib.Path`
        Of the run.
    sources : `dict`
        From the name of a galaxy to its source in the run: a second measurement of a plate-IFU is
        left out.
    rows : `dict`
        And to its row in the catalogue.
    tracers : `dict`
        And to the tracers that have an image.
    """

    folder: Path
    sources: dict
    rows: dict
    tracers: dict

    @classmethod
    def of_run(cls, folder):
        """
        Find them.

        Parameters
        ----------
        folder : path-like
            Of the run, finished or not.

        Returns
        -------
        `InspectedGalaxies`

        Raises
        ------
        FileNotFoundError
            If there is no run, or no field in it.
        """
        sources, rows, tracers = {}, {}, {}
        with RunStore(folder) as store, store.snapshot():
            seen = store.imaged()
            for source, row in store.rows():
                name = row.get("plateifu") or source
                if source in seen and name not in sources:
                    sources[name], rows[name] = source, row
                    tracers[name] = tuple(t for t in TRACERS if t in seen[source])
        if not sources:
            msg = (
                f"the run in {folder} has no field to look at; 'mangapa status {folder}' tells why"
            )
            raise FileNotFoundError(msg)
        return cls(folder=Path(folder), sources=sources, rows=rows, tracers=tracers)

    def mangaids(self):
        """
        The MaNGA-ID of each galaxy.

        Returns
        -------
        `dict`
            By name; `None` where it is not known.
        """
        return {name: row.get("mangaid") for name, row in self.rows.items()}

    def scores(self):
        """
        The network's score of each field.

        Returns
        -------
        `dict` of `dict`
            By galaxy and tracer; NaN where there is none.
        """
        return {name: {t: self._score(name, t) for t in self.tracers[name]} for name in self.rows}

    def _score(self, galaxy, tracer):
        score = self.rows[galaxy].get(f"{tracer}_score")
        return math.nan if score is None else score

    def shown(self, galaxy, *, scores=False):
        """
        All that the page needs of a galaxy.

        Parameters
        ----------
        galaxy : `str`
            One of them.
        scores : `bool`, optional
            With what the network says.

        Returns
        -------
        `dict`
            Plain values. Of a tracer: the angle and its error, remarks, and where there is a field,
            its picture and its ``profile``, the angles against radius.
        """
        row = self.rows[galaxy]
        with RunStore(self.folder) as store:
            images = store.images(self.sources[galaxy])
            profiles = store.profiles(self.sources[galaxy])
        fields = {}
        for tracer in TRACERS:
            fields[tracer] = {
                **{part: _plain(row.get(f"{tracer}_{part}")) for part in ("pa", "pa_err")},
                "flags": PAFlags(row.get(f"{tracer}_flags") or 0).description,
                "profile": profiles.get(tracer),
            }
            if tracer in images:
                image = FieldImage.from_bytes(images[tracer])
                fields[tracer] |= drawn(image, _plain(row.get(f"{tracer}_v_sys")))
        if scores:
            for tracer, said in self.network(galaxy).items():
                fields[tracer] |= said
        return {
            "galaxy": galaxy,
            "mangaid": row.get("mangaid"),
            "links": _links(galaxy),
            "pa_offset": _plain(row.get("pa_offset")),
            "pa_offset_err": _plain(row.get("pa_offset_err")),
            **fields,
        }

    def network(self, galaxy):
        """
        What the network says of a galaxy's fields.

        Parameters
        ----------
        galaxy : `str`
            One of them.

        Returns
        -------
        `dict` of `dict`
            ``score`` and ``usable`` by tracer.
        """
        return {
            tracer: {
                "score": _plain(self._score(galaxy, tracer), decimals=2),
                "usable": bool(self.rows[galaxy].get(QUALITY_NAMES[tracer])),
            }
            for tracer in self.tracers[galaxy]
        }


def _plain(value, decimals=DECIMALS):
    """A number as JSON takes it."""
    return None if value is None or not math.isfinite(value) else round(value, decimals)


def _links(galaxy):
    """Pages of a galaxy elsewhere, as pairs of a title and an address."""
    if not PLATEIFU.fullmatch(galaxy):
        return []
    plate, ifu = galaxy.split("-")
    pages = {"Marvin": MARVIN_PAGE, "SDSS image": SDSS_IMAGE}
    return [[title, page.format(plate=plate, ifu=ifu)] for title, page in pages.items()]
