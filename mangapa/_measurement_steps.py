"""Steps of `measure` that are no function of another room."""

from dataclasses import replace

import numpy as np

from mangapa.catalogue._kinematic_columns import KINEMATICS
from mangapa.fields import OFFSET
from mangapa.fitting._thin_disc import CENTRE_SPREAD
from mangapa.kinematics._kinematics import kinematics_together


def about_fitted_centre(prepared, angles):
    """Prepared fields about the centres that were fitted, if there are any; all by tracer."""
    return {tracer: _about(one, angles.get(tracer)) for tracer, one in prepared.items()}


def _about(prepared, angle):
    if prepared.spaxels is None or angle is None or np.isnan(angle.pa):
        return prepared
    centre = angle.x.to_value(OFFSET), angle.y.to_value(OFFSET)
    return replace(prepared, spaxels=prepared.spaxels.about(*centre, CENTRE_SPREAD))


def kinematics_step(steps, settings, galaxy, prepared, angles, features):
    """
    The `~mangapa.kinematics.Kinematics` of a galaxy by tracer, from results by tracer.

    Empty unless the settings ask for them.
    """
    if not settings.measures(KINEMATICS):
        return {}
    known = {
        tracer: (one, angles[tracer], features[tracer])
        for tracer, one in prepared.items()
        if tracer in angles and tracer in features
    }
    with steps.timed("kinematics"):
        # What they need, such as photutils, is no reason to lose the angles.
        return steps.together(
            "kinematics", lambda all_: kinematics_together(all_, galaxy), known, fatal=()
        )
