"""Options that several commands share."""

from mangapa.archive._configuration import conf
from mangapa.cleaning import MIN_REGION, SIGMA
from mangapa.fitting import available_methods
from mangapa.fitting._fit import ERRORS, N_STEPS

__all__ = [
    "add_command",
    "add_download_option",
    "add_fit_options",
    "add_release_options",
    "fit_options",
]


def add_command(commands, name, run, purpose):
    """A command that calls ``run`` with its options."""
    command = commands.add_parser(
        name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}."
    )
    command.set_defaults(run=run)
    return command


def add_release_options(command):
    """Which of the analyses of a galaxy."""
    command.add_argument(
        "--release",
        default=conf.release,
        help="data release of a plate-IFU or MaNGA-ID (default: %(default)s)",
    )
    command.add_argument(
        "--daptype",
        default=conf.daptype or None,
        help=f"analysis, such as VOR10 (default: {conf.daptype or 'that of the release'})",
    )


def add_download_option(command, what="what is not in the local copy of the SAS"):
    """Whether to fetch what is missing."""
    command.add_argument(
        "--download", action="store_true", default=conf.allow_download, help=f"fetch {what}"
    )


def add_fit_options(command):
    """How fields are cleaned and fitted."""
    fit = command.add_argument_group("how to clean and fit")
    fit.add_argument("--method", default="default", choices=("default", *available_methods()))
    fit.add_argument(
        "--error",
        default="default",
        choices=[str(kind).lower() for kind in ERRORS],
        help="how the 1-sigma error is found (default: what is calibrated for the method)",
    )
    fit.add_argument(
        "--velocity-error",
        type=float,
        metavar="KM/S",
        help="one error for all velocities (10 as published; default: the file's own errors)",
    )
    fit.add_argument(
        "--v-sys",
        type=_velocity_or_median,
        metavar="KM/S",
        default="median",
        help="velocity to subtract first (0 as published; default: the median)",
    )
    fit.add_argument("--n-steps", type=int, default=N_STEPS, help="angles tried over 180 deg")
    fit.add_argument("--sigma", type=float, default=SIGMA, help="clipping threshold")
    fit.add_argument(
        "--min-region", type=float, default=MIN_REGION, help="smallest region kept, as a fraction"
    )


def fit_options(options):
    """The arguments of `mangapa.measure` that `add_fit_options` asks for."""
    return {
        "method": options.method,
        "error": None if options.error == "none" else options.error,
        "velocity_error": options.velocity_error,
        "v_sys": options.v_sys,
        "n_steps": options.n_steps,
        "sigma": options.sigma,
        "min_region": options.min_region,
    }


def _velocity_or_median(text):
    return text if text == "median" else float(text)
