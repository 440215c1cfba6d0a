"""``mangapa simulate``: a mock galaxy with known angles, as a MAPS file."""

from pathlib import Path

import mangapa
from mangapa.archive.releases import MANGA_RELEASES
from mangapa.cli._options import add_command
from mangapa.cli._output import ALL_GOOD
from mangapa.simulate import FIELD_OF_VIEW
from mangapa.simulate._galaxies import BINTYPES

#: Options that are arguments of `mangapa.simulate_galaxy`: default, placeholder, help.
NUMBERS = {
    "pa_stellar": (60, "DEG", "position angle of the stars"),
    "pa_halpha": (None, "DEG", "position angle of H-alpha (default: that of the stars)"),
    "inclination": (55, "DEG", "inclination of the disc"),
    "v_max": (200, "KM/S", "velocity at which the rotation curve flattens"),
    "snr": (60, "RATIO", "signal-to-noise ratio of the central spaxel"),
}


def add_to(commands):
    """Add the command."""
    simulate = add_command(
        commands, "simulate", _simulate, "write a simulated galaxy as a MAPS file"
    )
    simulate.add_argument(
        "path", type=Path, metavar="FILE", help="such as manga-9999-12701-MAPS-VOR10.fits.gz"
    )
    releases = ", ".join(name for one in MANGA_RELEASES for name in (one.name, *one.aliases))
    simulate.add_argument(
        "--release",
        default="DR17",
        help=f"release whose layout the file has, one of {releases} (default: %(default)s)",
    )
    simulate.add_argument(
        "--bintype",
        choices=BINTYPES,
        default="VOR10",
        help="binning scheme (default: %(default)s)",
    )
    simulate.add_argument(
        "--fibres",
        type=int,
        choices=tuple(FIELD_OF_VIEW),
        default=127,
        help="number of fibres of the IFU (default: %(default)s)",
    )
    for name, (default, metavar, text) in NUMBERS.items():
        simulate.add_argument(
            f"--{name.replace('_', '-')}",
            type=float,
            default=default,
            metavar=metavar,
            help=text if default is None else f"{text} (default: %(default)s)",
        )
    simulate.add_argument("--seed", type=int, default=0, help="random seed (default: %(default)s)")


def _simulate(options):
    galaxy = mangapa.simulate_galaxy(
        n_fibres=options.fibres,
        bintype=options.bintype,
        seed=options.seed,
        **{name: getattr(options, name) for name in NUMBERS},
    )
    print(mangapa.write_maps(galaxy, options.path, release=options.release))
    return ALL_GOOD
