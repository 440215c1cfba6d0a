"""
The misaligned fraction of real galaxies, by published and by our angles and flags.

    python benchmarks/misaligned_fraction.py --out RUN

measures all 4,800 galaxies (about ten minutes on one core) and stores them as a run. Another call
resumes it; ``mangapa catalogue RUN`` and ``mangapa report RUN`` read it.
"""

import argparse
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from astropy import units as u
from real_fields import SHARED_DATA, velocity_fields
from threadpoolctl import threadpool_limits
from tqdm import tqdm

import mangapa
from mangapa.catalogue import read_published, share
from mangapa.runs import catalogue
from mangapa.runs._store import RunStore
from mangapa.runs._workers import result_of


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    options = parser.parse_args()
    measure_all(options.out)
    ours = catalogue(options.out)
    published = read_published(SHARED_DATA / "catalogue.csv")
    row = {name: number for number, name in enumerate(published["plateifu"].tolist())}
    published = published[[row[name] for name in ours["plateifu"].tolist()]]
    print(f"{len(ours)} galaxies; among those with two usable fields:")
    for angles in (published, ours):
        for flags in (published, ours):
            # Galaxies with a flagged feature are kept, because our table has no such flags.
            table = flags["stel_qual", "halpha_qual"]
            table["pa_offset"] = angles["pa_offset"].to(u.deg)
            print(
                f"{'published' if angles is published else 'our'} angles, "
                f"{'experts' if flags is published else 'network'}' flags: "
                f"misaligned {share(table, 'misaligned', of='misalignment')}, "
                f"counter-rotating {share(table, 'counter-rotators', of='misalignment')}"
            )


def measure_all(out):
    """Measure the galaxies that the run does not yet hold."""
    fields = groupby(velocity_fields(), key=attrgetter("galaxy"))
    with RunStore(out, {"source": "velocity_fields.npz"}) as store, threadpool_limits(1):
        galaxies = {name: list(pair) for name, pair in fields}
        store.add_sources(galaxies)
        for source in tqdm(store.unfinished(), unit="galaxy"):
            name = source.identity
            pair = {field.tracer: field for field in galaxies[name]}
            galaxy = mangapa.Galaxy(plateifu=name, **pair)
            store.add(result_of(name, mangapa.measure(galaxy)))


if __name__ == "__main__":
    main()
