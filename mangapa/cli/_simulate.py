"""``mangapa simulate``: a mock galaxy with known angles, as a MAPS file."""

from pathlib import Path

import mangapa
from mangapa.archive.releases import MANGA_RELEASES
from mangapa.cli._options import add_command
from mangapa.cli._output import ALL_GOOD
from mangapa.simulate import FIELD_OF_VIEW
from mangapa.simulate._galaxies import BINTYPES

RELEASES = ", ".join(name for one in MANGA_RELEASES for name in (one.name, *one.aliases))
#: Name, type, default, choices and help of each option.
OPTIONS = (
    ("release", str, "DR17", None, f"release whose layout the file has, one of {RELEASES}"),
    ("bintype", str, "VOR10", BINTYPES, "binning scheme"),
    ("fibres", int, 127, tuple(FIELD_OF_VIEW), "number of fibres of the IFU"),
    ("pa-stellar", float, 60, None, "position angle of the stars, deg"),
    ("pa-halpha", float, None, None, "position angle of H-alpha, deg (default: that of the stars)"),
    ("inclination", float, 55, None, "inclination of the disc, deg"),
    ("v-max", float, 200, None, "velocity at which the rotation curve flattens, km/s"),
    ("snr", float, 60, None, "signal-to-noise ratio of the central spaxel"),
    ("seed", int, 0, None, "random seed"),
)


def add_to(commands):
    """Add the command."""
    simulate = add_command(
        commands, "simulate", _simulate, "write a simulated galaxy as a MAPS file"
    )
    simulate.add_argument(
        "path", type=Path, metavar="FILE", help="such as manga-9999-12701-MAPS-VOR10.fits.gz"
    )
    for name, kind, default, choices, text in OPTIONS:
        if default is not None:
            text += " (default: %(default)s)"
        simulate.add_argument(f"--{name}", type=kind, default=default, choices=choices, help=text)


def _simulate(options):
    galaxy = mangapa.simulate_galaxy(
        n_fibres=options.fibres,
        pa_stellar=options.pa_stellar,
        pa_halpha=options.pa_halpha,
        inclination=options.inclination,
        v_max=options.v_max,
        snr=options.snr,
        bintype=options.bintype,
        seed=options.seed,
    )
    print(mangapa.write_maps(galaxy, options.path, release=options.release))
    return ALL_GOOD
