"""How far an expert is, and what the page says at its end."""

import math
from statistics import median

from mangapa.catalogue._flag_table import CLASSES
from mangapa.fields import TRACERS
from mangapa.inspection._store import JUDGED, SKIPPED
from mangapa.inspection.agreement import agree, repeats
from mangapa.usability._predict import THRESHOLD

__all__ = ["network_after", "summarise"]


def network_after(judgement, inspection):
    """
    What the network says of a galaxy, as soon as the expert has said all.

    Parameters
    ----------
    judgement : `~mangapa.inspection.Judgement`
        The last one.
    inspection : `~mangapa.inspection._server.Inspection`
        Of the expert.

    Returns
    -------
    `dict` or `None`
        By tracer.
    """
    said = _standing(inspection, judgement.galaxy)
    for tracer in inspection.galaxies.tracers[judgement.galaxy]:
        one = said.get((judgement.galaxy, judgement.showing, tracer))
        if one is None or one.action != JUDGED:
            return None
    return inspection.galaxies.network(judgement.galaxy)


def summarise(inspection):
    """
    What an expert has done so far.

    Parameters
    ----------
    inspection : `~mangapa.inspection._server.Inspection`
        Of the expert.

    Returns
    -------
    `dict`
        Plain values: how many showings are done, skipped and left, the median seconds of a galaxy,
        the classes of each tracer, and the agreement with the network and with oneself, each as the
        number of fields and the share that agrees on usable or not.
    """
    said, galaxies = _standing(inspection), inspection.galaxies
    done, skipped, seconds = 0, 0, []
    for shown in inspection.plan.showings:
        answers = [
            said.get((shown.galaxy, shown.showing, tracer))
            for tracer in galaxies.tracers[shown.galaxy]
        ]
        if all(one is not None and one.action == JUDGED for one in answers):
            done += 1
            if all(one.seconds is not None for one in answers):
                seconds.append(sum(one.seconds for one in answers))
        elif any(one is not None and one.action == SKIPPED for one in answers):
            skipped += 1
    judged = [one for one in said.values() if one.action == JUDGED]
    scores = galaxies.scores()
    network = [
        (one.quality, int(scores[one.galaxy][one.tracer] > THRESHOLD))
        for one in judged
        if one.galaxy in scores and math.isfinite(scores[one.galaxy].get(one.tracer, math.nan))
    ]
    return {
        "store": str(inspection.store.path),
        "run": str(galaxies.folder),
        "total": len(inspection.plan.showings),
        "done": done,
        "skipped": skipped,
        "left": len(inspection.plan.showings) - done - skipped,
        "seconds": round(median(seconds), 1) if seconds else None,
        "classes": {
            tracer: [
                sum(one.tracer == tracer and one.quality == code for one in judged)
                for code in CLASSES
            ]
            for tracer in TRACERS
        },
        "network": agree(network),
        "oneself": agree(repeats(judged)),
    }


def _standing(inspection, galaxy=None):
    """What stands of the judgements of the plan: the last of each (galaxy, showing, tracer)."""
    history = inspection.store.history(expert=inspection.expert, galaxy=galaxy)
    return {
        (one.galaxy, one.showing, one.tracer): one
        for one in history
        if one.series == inspection.plan.series
    }
