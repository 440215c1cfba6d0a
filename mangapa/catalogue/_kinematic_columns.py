"""The columns of the group "kinematics", which a measurement has when it is asked for them."""

from functools import partial
from operator import attrgetter

import numpy as np
from astropy import units as u

from mangapa._titles import CLASS_TITLES
from mangapa.catalogue._column_kinds import ANGLE, ANGLE_ERROR, CODE, PROBABILITY, TURN, TURN_ERROR
from mangapa.fields import TRACERS

#: Name of the group.
KINEMATICS = "kinematics"
#: What the probability of each class of a field is that of.
PROBABILITY_OF = {
    "regular_rotator": "regular rotation of {it}, k51 below 0.04",
    "kinematic_twist": "a kinematic twist of {it}",
    "decoupled_core": "a kinematically decoupled core in {it}, by its class",
    "counter_rotating_core": "a counter-rotating core in {it}, by its class",
    "two_sigma": "two peaks of the dispersion of {it} on the major axis (2-sigma)",
    "double_maximum": "a double maximum of the rotation of {it}",
    "low_level_velocity": "low-level velocities of {it}",
    "counter_rotating_discs": "two counter-rotating discs of {it}",
}
#: A field belongs to a class whose probability is above this.
LIKELY = 0.5
#: Name and title of what is probably no regular rotator.
NON_REGULAR = ("non_regular_rotator", "non-regular rotator")
RATIO, RATIO_ERROR = (None, 3, "stat.value"), (None, 3, "stat.error")
ELLIPTICITY = (None, 3, "src.ellipticity"), (None, 3, "stat.error;src.ellipticity")


def _spin(place, number, kinematics):
    """A value of one solution of the spin; NaN if there are fewer."""
    spin = kinematics.spin
    if number > spin.weights.size:
        return np.nan
    x, y, z = spin.solutions.xyz.value[:, number - 1]
    angles = np.degrees([np.arctan2(y, x) % (2 * np.pi), np.arctan2(z, np.hypot(x, y))])
    return (*angles, spin.weights[number - 1], spin.error[number - 1].to_value(u.deg))[place]


#: Attribute of `~mangapa.kinematics.Kinematics`, name without the tracer, kind and description, in
#: which {it} stands for the tracer.
# fmt: off
OF_TRACER = (
    ("kinemetry.k51", "k51", RATIO, "Light-weighted mean of k5 / k1 of {it} over the rings"),
    ("kinemetry.k51_err", "k51_err", RATIO_ERROR, "1-sigma error of k51 of {it}"),
    *((f"classes.{name}", f"class_{name}", PROBABILITY, f"Probability of {what}")
      for name, what in PROBABILITY_OF.items()),
    ("group", "group", (None, str, "meta.code.class"),
     "Most probable group a to f of Krajnovic et al. (2011) of {it}"),
    ("group_probability", "group_probability", PROBABILITY, "Probability of that group of {it}"),
    ("classes.flags", "class_flags", CODE, "ClassFlags of {it}, 0 if none is set"),
    ("photometric_misalignment.angle", "psi", TURN,
     "Angle Psi between the rotation axis of {it} and the light, 0 to 90"),
    ("photometric_misalignment.error", "psi_err", TURN_ERROR, "1-sigma error of Psi of {it}"),
    ("photometric_misalignment.probability_over_15", "psi_over_15_probability", PROBABILITY,
     "Probability that Psi of {it} is above 15 deg"),
    ("photometric_misalignment.probability_over_30", "psi_over_30_probability", PROBABILITY,
     "Probability that Psi of {it} is above 30 deg"),
    ("angular_momentum.lambda_r", "lambda_r", RATIO,
     "Specific angular momentum lambda_R of {it} within the effective radius"),
    ("angular_momentum.lambda_r_err", "lambda_r_err", RATIO_ERROR,
     "1-sigma error of lambda_R of {it} from the noise"),
    ("angular_momentum.lambda_r_err_sys", "lambda_r_err_sys", RATIO_ERROR,
     "1-sigma error of lambda_R of {it} from the aperture and the bias of noise"),
    ("angular_momentum.v_over_sigma", "v_over_sigma", RATIO,
     "V / sigma of {it} within the effective radius"),
    ("angular_momentum.v_over_sigma_err", "v_over_sigma_err", RATIO_ERROR,
     "1-sigma error of V / sigma of {it} from the noise"),
    ("angular_momentum.v_over_sigma_err_sys", "v_over_sigma_err_sys", RATIO_ERROR,
     "1-sigma error of V / sigma of {it} from the aperture"),
    ("angular_momentum.flags", "angular_momentum_flags", CODE,
     "AngularMomentumFlags of {it}, 0 if none is set"),
    *((partial(_spin, place, number), name.format(number), kind, f"{text} of {{it}}")
      for number, which in ((1, "first"), (2, "second"))
      for place, name, kind, text in (
          (0, "spin_ra_{}", (u.deg, 1, "pos.eq.ra"),
           f"Right ascension of the spin, ICRS, {which} solution"),
          (1, "spin_dec_{}", (u.deg, 1, "pos.eq.dec"),
           f"Declination of the spin, ICRS, {which} solution"),
          (2, "spin_weight_{}", PROBABILITY, f"Probability of the {which} solution of the spin"),
      )),
    (partial(_spin, 3, 1), "spin_err", TURN_ERROR,
     "1-sigma error of the direction of the spin of {it}"),
    ("spin.flags", "spin_flags", CODE, "SpinFlags of {it}, 0 if none is set"),
)
#: Attribute of `~mangapa.kinematics.Photometry`, name, kind and description.
OF_LIGHT = (
    ("pa", "photometric_pa", ANGLE, "Position angle of the light, 0 to 180"),
    ("pa_err", "photometric_pa_err", ANGLE_ERROR, "1-sigma error of that angle"),
    ("ellipticity", "ellipticity", ELLIPTICITY[0], "Ellipticity of the light, 1 - b / a"),
    ("ellipticity_err", "ellipticity_err", ELLIPTICITY[1], "1-sigma error of the ellipticity"),
    ("source", "photometry_source", (None, str, "meta.ref"),
     "Where the shape of the light is from: header, table or flux"),
    ("flags", "photometry_flags", CODE, "PhotometryFlags, 0 if none is set"),
)
# fmt: on


def kinematic_columns(tracers):
    """
    Yield name, value, kind, description, part and group of each column.

    ``tracers`` are pairs of a tracer and what descriptions call it.
    """
    for tracer, it in tracers:
        for attribute, name, kind, text in OF_TRACER:
            getter = attribute if callable(attribute) else attrgetter(attribute)
            value = partial(_of_tracer, tracer, getter, kind)
            yield f"{tracer}_{name}", value, kind, text.format(it=it), tracer, KINEMATICS
    for attribute, name, kind, text in OF_LIGHT:
        yield (
            name,
            partial(_of_light, attrgetter(attribute), kind),
            kind,
            text,
            "galaxy",
            KINEMATICS,
        )


def _of_tracer(tracer, getter, kind, measurement):
    kinematics = measurement[tracer].kinematics
    return _with_unit(None if kinematics is None else getter(kinematics), kind)


def _of_light(getter, kind, measurement):
    """A value of the light, which is the same for both tracers."""
    both = (measurement[tracer].kinematics for tracer in TRACERS)
    light = next((one.photometry for one in both if one is not None), None)
    return _with_unit(None if light is None else getter(light), kind)


def _with_unit(value, kind):
    """A value, or what stands for a missing one of its kind."""
    unit, decimals, _ = kind
    if isinstance(decimals, type):
        return value
    value = np.nan if value is None else value
    return value if unit is None else u.Quantity(value, unit)


def likely_classes(tracer, row):
    """
    Titles of the classes to which a field probably belongs, by name; ``row`` has plain values.

    A field that is probably no regular rotator is a non-regular one.
    """
    chances = {name: row.get(f"{tracer}_class_{name}") for name in CLASS_TITLES}
    likely = {
        name: CLASS_TITLES[name] for name, p in chances.items() if p is not None and p > LIKELY
    }
    regular = chances["regular_rotator"]
    if regular is not None and regular <= LIKELY:
        likely = {NON_REGULAR[0]: NON_REGULAR[1], **likely}
    return likely
