"""How far an expert is, and the summary at the end of a session."""

import math
from collections import Counter
from statistics import median

from mangapa.catalogue._flag_table import CLASSES
from mangapa.fields import TRACERS
from mangapa.inspection._store_file import JUDGED, SKIPPED
from mangapa.inspection.agreement import agree, repeats
from mangapa.usability._predict import THRESHOLD


def network_after(judgement, inspection):
    """Answers of the network by tracer, or `None` until all fields of the galaxy are judged."""
    galaxy, galaxies = judgement.galaxy, inspection.galaxies
    standing = _standing(inspection, galaxy)
    answers = [standing.get((galaxy, judgement.showing, t)) for t in galaxies.tracers[galaxy]]
    is_judged = all(one is not None and one.action == JUDGED for one in answers)
    return galaxies.network(galaxy) if is_judged else None


def session_summary(inspection):
    """Summarise a session as plain values."""
    standing, galaxies = _standing(inspection), inspection.galaxies
    done, skipped, seconds = 0, 0, []
    for shown in inspection.plan.showings:
        tracers = galaxies.tracers[shown.galaxy]
        answers = [standing.get((shown.galaxy, shown.showing, tracer)) for tracer in tracers]
        actions = {None if one is None else one.action for one in answers}
        if actions == {JUDGED}:
            done += 1
            if all(one.seconds is not None for one in answers):
                seconds.append(sum(one.seconds for one in answers))
        elif SKIPPED in actions:
            skipped += 1
    judged = [one for one in standing.values() if one.action == JUDGED]
    classes = Counter((one.tracer, one.quality) for one in judged)
    scores = galaxies.scores()
    network = [
        (one.quality, int(scores[one.galaxy][one.tracer] > THRESHOLD))
        for one in judged
        if math.isfinite(scores.get(one.galaxy, {}).get(one.tracer, math.nan))
    ]
    total = len(inspection.plan.showings)
    return {
        "store": str(inspection.store.path),
        "run": str(galaxies.folder),
        "total": total,
        "done": done,
        "skipped": skipped,
        "left": total - done - skipped,
        "seconds": round(median(seconds), 1) if seconds else None,  # for a galaxy
        "classes": {tracer: [classes[tracer, code] for code in CLASSES] for tracer in TRACERS},
        # Agreement on usability: number of fields, and the fraction that agrees.
        "network": agree(network),
        "oneself": agree(repeats(judged)),
    }


def _standing(inspection, galaxy=None):
    """The last judgement of each (galaxy, showing, tracer) in the series of the session."""
    history = inspection.store.history(expert=inspection.expert, galaxy=galaxy)
    return {
        (one.galaxy, one.showing, one.tracer): one
        for one in history
        if one.series == inspection.plan.series
    }
