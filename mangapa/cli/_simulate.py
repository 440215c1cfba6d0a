"""``mangapa simulate``: a mock galaxy with known angles, as a MAPS file."""

import inspect
import re
from dataclasses import fields

import mangapa
from mangapa.archive.releases import MANGA_RELEASES, PLATEIFU
from mangapa.cli._exit import ALL_GOOD
from mangapa.cli._options import add_command, add_path
from mangapa.formats.manga_writer import LAYOUTS
from mangapa.simulate import FIELD_OF_VIEW, Bar, CounterDisc, Lopsidedness, Neighbour
from mangapa.simulate._arguments import NUMBERS
from mangapa.simulate._galaxies import BINTYPES, LOSVDS

RELEASES = ", ".join(name for one in MANGA_RELEASES for name in (one.name, *one.aliases))
#: Default of each argument of `simulate_galaxy`.
DEFAULTS = {
    name: parameter.default
    for name, parameter in inspect.signature(mangapa.simulate_galaxy).parameters.items()
}
#: Help, and what else argparse takes, of each argument beyond the plain numbers.
OPTIONS = {
    "bintype": ("binning scheme", {"type": str, "choices": BINTYPES}),
    "n_fibres": (
        f"number of fibres (default: of the plate-IFU in FILE, or {DEFAULTS['n_fibres']})",
        {"type": int, "choices": tuple(FIELD_OF_VIEW), "default": None},
    ),
    "pa_stellar": ("position angle of the stars, deg", {}),
    "pa_halpha": ("position angle of H-alpha, deg (default: that of the stars)", {}),
    "inclination": ("inclination of the disc, deg", {}),
    "snr": ("signal-to-noise ratio of the central spaxel", {}),
    "outliers": ("fraction of the spaxels with a spurious velocity", {}),
    "missing": ("number of masked patches", {"type": int}),
    "warp": ("turn of tilted rings from the centre to the edge, deg", {}),
    "dispersion": ("velocity dispersion of the stars at the centre, km/s", {}),
    "dispersion_halpha": ("velocity dispersion of the gas, km/s", {}),
    "losvd": (
        "what is measured of velocity distributions (default: moments; gaussian with "
        "--counter-disc)",
        {"type": str, "choices": tuple(LOSVDS)},
    ),
    "seed": ("random seed", {"type": int}),
} | {name: (number.text, {}) for name, number in NUMBERS.items()}
SWITCHES = {
    "correlated": "correlate the noise of neighbouring spaxels",
    "dithered": "observe through the fibres in three dithers",
}
#: What takes several numbers: how many, of the fields in their order, and its help.
COMPONENTS = {
    "bar": (Bar, 3, "streaming of a bar: share of the rotation, arcsec, deg from the major axis"),
    "lopsidedness": (
        Lopsidedness,
        2,
        "faster side: share of the rotation, deg from the major axis",
    ),
    "neighbour": (
        Neighbour,
        4,
        "blended source: share of the light, arcsec East and North, km/s",
    ),
    "counter_disc": (
        CounterDisc,
        2,
        "second disc, which rotates in the opposite sense: share of the mass of both, scale "
        "length over that of the main disc",
    ),
}


def add_to(commands):
    """Add the command."""
    simulate = add_command(commands, "simulate", _simulate)
    add_path(
        simulate,
        "path",
        "FILE",
        "such as manga-9999-12701-MAPS-VOR10.fits.gz; the galaxy gets its plate-IFU",
    )
    text = f"release whose layout the file has, one of {RELEASES} (default: %(default)s)"
    simulate.add_argument("--release", default="DR17", help=text)
    text = "extensions of the file: those that velocities need, or all (default: %(default)s)"
    simulate.add_argument("--layout", default="short", choices=LAYOUTS, help=text)
    for name, (text, more) in OPTIONS.items():
        default = DEFAULTS[name]
        if default is not None and "default" not in more:
            text += " (default: %(default)s)"
        more = {"type": float, "default": default, "help": text, "dest": name} | more
        simulate.add_argument(_flag(name), **more)
    for name, text in SWITCHES.items():
        simulate.add_argument(_flag(name), action="store_true", help=text)
    for name, (kind, n, text) in COMPONENTS.items():
        names = tuple(one.name.upper() for one in fields(kind)[:n])
        simulate.add_argument(_flag(name), type=float, nargs=n, metavar=names, help=text)


def _flag(name):
    return f"--{name.removeprefix('n_').replace('_', '-')}"


def _simulate(options):
    simulation = {name: getattr(options, name) for name in (*OPTIONS, *SWITCHES)}
    for name, (kind, *_) in COMPONENTS.items():
        values = getattr(options, name)
        if values is not None:
            names = [one.name for one in fields(kind)]
            simulation[name] = kind(**dict(zip(names, values, strict=False)))
    given = simulation.pop("n_fibres")
    named = re.search(rf"(?<!\d){PLATEIFU.pattern}(?!\d)", options.path.name)
    if named:
        simulation["plateifu"] = named[0]
    elif given:
        simulation["n_fibres"] = given
    galaxy = mangapa.simulate_galaxy(**simulation)
    n_fibres = int(galaxy.plateifu.split("-")[1][:-2])
    if given not in (None, n_fibres):
        msg = f"--fibres {given}: {options.path.name} names an IFU of {n_fibres} fibres; "
        msg += "leave one of them out"
        raise ValueError(msg)
    print(mangapa.write_maps(galaxy, options.path, options.release, layout=options.layout))
    return ALL_GOOD
