"""``mangapa simulate``: a mock galaxy with known angles, as a MAPS file."""

from pathlib import Path

import mangapa
from mangapa.archive.releases import MANGA_RELEASES
from mangapa.cli._options import add_command
from mangapa.cli._output import ALL_GOOD
from mangapa.simulate import FIELD_OF_VIEW
from mangapa.simulate._galaxies import BINTYPES

__all__ = ["add_to"]


def add_to(commands):
    """Add the command."""
    simulate = add_command(
        commands, "simulate", _simulate, "write a simulated galaxy as a MAPS file"
    )
    simulate.add_argument("path", type=Path, help="such as manga-9999-12701-MAPS-VOR10.fits.gz")
    simulate.add_argument(
        "--release",
        default="DR17",
        help="whose layout; one of "
        + ", ".join(name for r in MANGA_RELEASES for name in (r.name, *r.aliases))
        + " (default: %(default)s)",
    )
    simulate.add_argument("--bintype", choices=BINTYPES, default="VOR10")
    simulate.add_argument("--fibres", type=int, choices=tuple(FIELD_OF_VIEW), default=127)
    simulate.add_argument("--pa-stellar", type=float, default=60, metavar="DEG")
    simulate.add_argument("--pa-halpha", type=float, metavar="DEG", help="default: as the stars")
    simulate.add_argument("--inclination", type=float, default=55, metavar="DEG")
    simulate.add_argument("--v-max", type=float, default=200, metavar="KM/S")
    simulate.add_argument("--snr", type=float, default=60, help="of the central spaxel")
    simulate.add_argument("--seed", type=int, default=0)


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
