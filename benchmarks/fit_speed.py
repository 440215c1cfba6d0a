"""
Time and memory of a fit compared with pafit, on the same maps in the same run.

    python benchmarks/fit_speed.py

The galaxies are simulated, with bins as in the DAP's VOR10 maps and noise that neighbours share.
All methods receive bin ids and inverse variances (pafit ignores the former). One process with one
thread runs the methods in turn on each map. Times are those of the processor: medians, weighted by
the share of each IFU size in MaNGA. On a busy machine, trust the ratios rather than the
milliseconds.
"""

import argparse
import tempfile
import time
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
from real_fields import SHARED_DATA, published_catalogue
from tqdm import tqdm

from mangapa import clean, fit_pa, read_maps, simulate_galaxy, write_maps
from mangapa.fields import TRACERS
from mangapa.simulate import FIELD_OF_VIEW

#: Bundles of each size on a MaNGA plate (Drory et al. 2015), used if there is no catalogue.
BUNDLES = {19: 2, 37: 4, 61: 4, 91: 2, 127: 5}
PAFIT = "pafit"
#: Options of fit_pa, and the target for how many times faster than pafit each is.
CASES = {
    "harmonic": ({"method": "harmonic", "error": None}, 8000),
    "disc": ({"method": "disc", "error": None}, 500),
    "symmetry": ({"method": "symmetry", "error": None}, 100),
    "default with its error": ({}, 300),
}
#: The same for lists of fields, of which several of a size share steps.
LISTS = {
    "harmonic, in a list": (CASES["harmonic"][0], 20_000),
    "default, in a list": (CASES["default with its error"][0], 5000),
}
#: Lengths of the lists whose time is printed.
LENGTHS = (1, 2, 4, 8, 16, 64)
#: Signal-to-noise ratio at which five spaxels make a bin, about as many as in real VOR10 maps.
SNR = 15
REAL_MAPS = SHARED_DATA / "manga-8080-12701-MAPS-VOR10-GAU-MILESHC.fits.gz"


def milliseconds(function, *args, **kwargs):
    """Time one call, of the processor."""
    start = time.process_time()
    function(*args, **kwargs)
    return 1e3 * (time.process_time() - start)


def size_mix():
    """Return the share of each IFU size in the catalogue or, without it, by design."""
    if (SHARED_DATA / "catalogue.csv").exists():
        sizes = (row["ifudesignsize"] for row in published_catalogue().values())
        counts = Counter(int(size) for size in sizes if size)
    else:
        counts = BUNDLES
    total = sum(counts[n_fibres] for n_fibres in FIELD_OF_VIEW)
    return {n_fibres: counts[n_fibres] / total for n_fibres in FIELD_OF_VIEW}


def simulated(n_fibres, seed):
    """Simulate a galaxy at a random angle and inclination, with a hole so that masks differ."""
    rng = np.random.default_rng([n_fibres, seed])
    return simulate_galaxy(
        n_fibres=n_fibres,
        pa_stellar=rng.uniform(0, 360),
        inclination=rng.uniform(30, 75),
        correlated=True,
        snr=SNR,
        missing=1,
        seed=seed,
    )


def time_maps(fields, n_pafit, rounds):
    """
    Time each case on each map, in turns.

    Returns
    -------
    `dict`
        Median milliseconds per map by number of fibres and case.
    """
    times = {(n_fibres, case): [] for n_fibres in fields for case in (PAFIT, *CASES)}
    steps = [(i, n_fibres) for i in range(max(map(len, fields.values()))) for n_fibres in fields]
    for i, n_fibres in tqdm(steps, unit="map"):
        field = fields[n_fibres][i]
        if i < n_pafit:
            took = milliseconds(fit_pa, field, method="pafit", error=None)
            times[n_fibres, PAFIT].append(took)
        for _ in range(rounds):
            for case, (options, _) in CASES.items():
                times[n_fibres, case].append(milliseconds(fit_pa, field, **options))
    return {key: np.median(values) for key, values in times.items()}


def time_lists(mix, n_batch, rounds):
    """Return the milliseconds per map for a list of maps with the mix of sizes, by case."""
    batch = [
        simulated(n_fibres, seed).stellar
        for n_fibres, share in mix.items()
        for seed in range(round(share * n_batch))
    ]
    batch = [batch[i] for i in np.random.default_rng(0).permutation(len(batch))]
    return {
        case: np.median([milliseconds(fit_pa, batch, **options) for _ in range(rounds)])
        / len(batch)
        for case, (options, _) in LISTS.items()
    }


def peak_memory(field, **options):
    """Return the peak memory of a fit, MB."""
    fit_pa(field, **options)
    tracemalloc.start()
    fit_pa(field, **options)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def time_path(path, rounds):
    """Return the median milliseconds to read a file, to clean its fields and to fit them."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        galaxy = read_maps(path)
        was_read = time.process_time()
        cleaned = [clean(galaxy.tracer(tracer)) for tracer in TRACERS]
        was_cleaned = time.process_time()
        for field in cleaned:
            fit_pa(field)
        times.append(np.diff([start, was_read, was_cleaned, time.process_time()]))
    return 1e3 * np.median(times, axis=0)


def print_ratios(times, list_times, mix):
    """Print the ratios to pafit and the targets."""

    def mean(case):
        return sum(share * times[n_fibres, case] for n_fibres, share in mix.items())

    pafit = mean(PAFIT)
    print(f"MaNGA mix: {', '.join(f'{n} fibres {share:.0%}' for n, share in mix.items())}")
    print(f"{'':24}{'ms per map':>12}{'x faster':>10}{'target':>10}")
    print(f"{PAFIT:24}{pafit:12.1f}")
    rows = [(case, mean(case), target) for case, (_, target) in CASES.items()]
    rows += [(case, list_times[case], target) for case, (_, target) in LISTS.items()]
    for case, took, target in rows:
        ratio = pafit / took
        verdict = "met" if ratio >= target else "MISSED"
        print(f"{case:24}{took:12.3f}{ratio:10,.0f}{target:10,}  {verdict}")


def print_sizes(times, fields):
    """Print the time against the number of spaxels."""
    print("\nms per map by size")
    print(f"{'fibres':>7}{'spaxels':>9}{'bins':>6}" + "".join(f"{c:>24}" for c in (PAFIT, *CASES)))
    for n_fibres, maps in fields.items():
        n_spaxels = np.median([field.n_spaxels for field in maps])
        n_bins = np.median([np.unique(field.bin_id[field.good]).size for field in maps])
        cells = "".join(f"{times[n_fibres, case]:24.2f}" for case in (PAFIT, *CASES))
        print(f"{n_fibres:7}{n_spaxels:9.0f}{n_bins:6.0f}{cells}")
    spaxels = [np.median([field.n_spaxels for field in maps]) for maps in fields.values()]
    for case in (PAFIT, *CASES):
        slope = np.polyfit(np.log(spaxels), np.log([times[n, case] for n in fields]), 1)[0]
        print(f"  {case}: as spaxels^{slope:.2f}")


def print_lengths(fields, rounds):
    """Print the time per map against the length of the list and the size of its maps."""
    for case, (options, _) in LISTS.items():
        print(f"\n{case}: ms per map by the number of maps, all of one size")
        print(f"{'fibres':>7}" + "".join(f"{length:8}" for length in LENGTHS))
        for n_fibres, maps in fields.items():
            cells = ""
            for length in LENGTHS:
                several = [maps[i % len(maps)] for i in range(length)]
                # Short lists are repeated, since the clock of the processor is coarse.
                repeats = rounds * max(LENGTHS) // length
                took = [milliseconds(fit_pa, several, **options) for _ in range(repeats)]
                cells += f"{np.median(took) / length:8.2f}"
            print(f"{n_fibres:7}{cells}")


def print_path(rounds):
    """Print the share of the fit in the time from a file to the angles."""
    print("\nfrom file to both angles with errors, ms: read, clean, fit, share of the fit")
    with tempfile.TemporaryDirectory() as folder:
        paths = {
            f"simulated, {n_fibres} fibres": write_maps(
                simulated(n_fibres, 1), Path(folder) / f"{n_fibres}-MAPS.fits.gz", layout="full"
            )
            for n_fibres in FIELD_OF_VIEW
        }
        if REAL_MAPS.exists():
            paths["real, 8080-12701"] = REAL_MAPS
        for name, path in paths.items():
            read, cleaned, fitted = time_path(path, rounds)
            share = fitted / (read + cleaned + fitted)
            print(f"{name:24}{read:8.1f}{cleaned:8.1f}{fitted:8.1f}{share:8.0%}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pafit-maps", type=int, default=1, help="maps per size for pafit")
    parser.add_argument("--maps", type=int, default=15, help="maps per size for the other methods")
    parser.add_argument("--batch", type=int, default=500, help="fields in the list")
    parser.add_argument("--rounds", type=int, default=5, help="repetitions")
    options = parser.parse_args()

    mix = size_mix()
    fields = {
        n_fibres: [simulated(n_fibres, seed).stellar for seed in range(options.maps)]
        for n_fibres in FIELD_OF_VIEW
    }
    # Warm up: imports, and tables that are computed once per size of map.
    for maps in fields.values():
        for case_options, _ in CASES.values():
            fit_pa(maps[-1], **case_options)
    fit_pa(fields[19][0], method="pafit", error=None)

    times = time_maps(fields, options.pafit_maps, options.rounds)
    list_times = time_lists(mix, options.batch, options.rounds)
    print_ratios(times, list_times, mix)
    print_sizes(times, fields)
    print_lengths(fields, options.rounds)
    print("\npeak memory of a fit to the largest map, MB")
    for case, (case_options, _) in CASES.items():
        print(f"{case:24}{peak_memory(fields[127][0], **case_options):8.1f}")
    print_path(options.rounds)


if __name__ == "__main__":
    main()
