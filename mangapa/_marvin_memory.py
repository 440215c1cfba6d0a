"""What is read from Marvin's ``Maps`` and prepared once, and the results that are remembered."""

from contextlib import suppress
from weakref import WeakKeyDictionary

from mangapa.cleaning import clean_with
from mangapa.exceptions import MapsFileError
from mangapa.fitting._fit import fit_prepared, prepare_for
from mangapa.formats.marvin_maps import galaxy_from_marvin
from mangapa.profiles._profile import profile_prepared

#: Fields and results of each Maps object, for as long as it lives. They are not kept on the object,
#: whose ``__getattr__`` returns the map with the most similar name for an unknown attribute.
_memory = WeakKeyDictionary()


def remembered(maps, key, compute):
    """The result of a computation, which is done the first time."""
    results = _memory.setdefault(maps, {})
    if key not in results:
        results[key] = compute()
    return results[key]


def galaxy_of(maps, tracer, *, with_light=False):
    """
    The galaxy with one of its fields: a remote Maps is asked for no other, a file read once.

    A remote Maps is asked for dispersions and light only if they are wanted; a file has them.
    """
    if maps.data_origin == "file":
        # A file that lacks the other field still has this one.
        with suppress(MapsFileError):
            return remembered(maps, "galaxy", lambda: galaxy_from_marvin(maps))
    with_light = with_light or ("galaxy", tracer, True) in _memory.get(maps, {})
    key = "galaxy", tracer, with_light
    return remembered(maps, key, lambda: galaxy_from_marvin(maps, (tracer,), light=with_light))


def prepared_of(maps, tracer, settings, *, with_light=False):
    """A field, cleaned and prepared once for all that is measured on it."""
    with_light = with_light and maps.data_origin != "file"

    def prepare():
        field = galaxy_of(maps, tracer, with_light=with_light).tracer(tracer)
        return prepare_for(clean_with(field, settings), settings)

    # Only these options matter to it, so that any method and model share it.
    options = settings.sigma, settings.min_region, settings.velocity_error, settings.v_sys
    return remembered(maps, ("prepared", tracer, with_light, *options), prepare)


def angle_of(maps, tracer, settings):
    """The kinematic position angle of a field."""

    def fit():
        return fit_prepared([prepared_of(maps, tracer, settings)], settings)[0]

    return remembered(maps, ("angle", tracer, settings), fit)


def profile_of(maps, tracer, settings, *, effective_radius=None, **rings):
    """The position angle of a field against radius; ``rings`` are options of `pa_profile`."""

    def measure():
        radius = effective_radius
        if radius is None:
            radius = galaxy_of(maps, tracer).effective_radius
        prepared = prepared_of(maps, tracer, settings)
        return profile_prepared(prepared, effective_radius=radius, **rings)

    key = ("profile", tracer, settings, repr((effective_radius, sorted(rings.items()))))
    return remembered(maps, key, measure)
