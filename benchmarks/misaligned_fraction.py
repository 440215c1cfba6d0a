"""
The misaligned fraction of real galaxies, by published and by our angles and flags.

    python benchmarks/misaligned_fraction.py --out RUN

measures all 4,800 galaxies (about ten minutes on one core) and stores them as a run. Another call
resumes it; ``mangapa catalogue RUN`` and ``mangapa report RUN`` read it. With ``--figures DIR``,
the 24 clean fields whose angles differ most from the published ones are drawn, and 24 galaxies that
are misaligned by the published angles only.
"""

import argparse
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import numpy as np
from astropy import units as u
from matplotlib.figure import Figure
from published_angles import apart
from real_fields import SHARED_DATA, velocity_fields
from threadpoolctl import threadpool_limits
from tqdm import tqdm

import mangapa
from mangapa.angles import Misalignment
from mangapa.catalogue import read_published, share, true_share
from mangapa.runs import catalogue
from mangapa.runs._store import RunStore
from mangapa.runs._workers import result_of


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    parser.add_argument("--figures", type=Path, metavar="DIR")
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
            if angles is ours:
                for name in ("pa_offset_err", "stellar_pa_err", "halpha_pa_err"):
                    table[name] = ours[name]
                for name in ("misaligned", "counter-rotators"):
                    print(f"  {name}, errors accounted for: {true_share(table, name)}")
    print_near_the_limit(ours, published)
    if options.figures:
        draw_differences(options.figures, ours, published)


def print_near_the_limit(ours, published):
    """How many of the galaxies that the catalogue calls misaligned are uncertain."""
    both = usable(published) & (published["pa_offset"].to_value(u.deg) > 30)
    pair = Misalignment(angle=ours["pa_offset"], error=ours["pa_offset_err"])
    probability = np.asarray(pair.probability_misaligned)[both]
    print(f"{both.sum()} misaligned by published angles; by our probability of misalignment:")
    for low, high in ((0, 0.05), (0.05, 0.5), (0.5, 0.95), (0.95, 1.01)):
        print(f"  {low:.2f}-{high:.2f}: {np.sum((probability >= low) & (probability < high))}")
    print(f"  sum {np.nansum(probability):.1f}, without {np.isnan(probability).sum()}")


def usable(published):
    return np.all([np.ma.filled(published[f"{t}_qual"], 0) > 0 for t in ("stel", "halpha")], axis=0)


def draw_differences(folder, ours, published, number=24):
    """Draw the clean fields that differ most, and galaxies misaligned in the catalogue only."""
    folder.mkdir(parents=True, exist_ok=True)
    names, both = ours["plateifu"].tolist(), usable(published)
    angles = {
        tracer: [one[f"{tracer}_pa"].to_value(u.deg) for one in (ours, published)]
        for tracer in ("stellar", "halpha")
    }
    fields = {(field.galaxy, field.tracer): field for field in velocity_fields()}
    worst = [
        (apart(*(one[i] for one in angles[tracer]), 180), i, tracer)
        for tracer, short in (("stellar", "stel"), ("halpha", "halpha"))
        for i in np.flatnonzero(np.ma.filled(published[f"{short}_qual"], 0) == 2)
    ]
    worst = sorted((one for one in worst if np.isfinite(one[0])), reverse=True)[:number]
    panels = [(fields[names[i], tracer], i, tracer) for _, i, tracer in worst]
    _draw(folder / "clean_fields.png", panels, ours, angles)
    lost = both & (published["pa_offset"].to_value(u.deg) > 30)
    lost &= ours["pa_offset"].to_value(u.deg) < 30
    excess = published["pa_offset"].to_value(u.deg) - ours["pa_offset"].to_value(u.deg)
    chosen = sorted(np.flatnonzero(lost), key=lambda i: -excess[i])[:number]
    panels = [
        (fields[names[i], tracer], i, tracer)
        for i in chosen
        for tracer in angles
        if (names[i], tracer) in fields
    ]
    _draw(folder / "lost_misalignments.png", panels, ours, angles)


def _draw(path, panels, ours, angles, columns=8):
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(2.9 * columns, 3.1 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax in axes:
        ax.axis("off")
    for ax, (field, i, tracer) in zip(axes, panels, strict=False):
        good = ~field.mask
        velocity = field.velocity.value[good] - np.median(field.velocity.value[good])
        reach = np.percentile(np.abs(velocity), 95)
        ax.scatter(
            field.x.value[good], field.y.value[good], c=velocity,
            s=6, marker="s", cmap="RdBu_r", vmin=-reach, vmax=reach,
        )  # fmt: skip
        size = np.hypot(field.x.value[good], field.y.value[good]).max()
        for pa, colour in zip((one[i] for one in angles[tracer]), ("k", "limegreen"), strict=True):
            end = size * np.array([np.sin(np.radians(pa)), np.cos(np.radians(pa))])
            ax.plot(*np.outer(end, [-0.3, 1]), color=colour, lw=2)
        ax.set(xlim=(size, -size), ylim=(-size, size), aspect="equal")
        row = ours[i]
        ax.set_title(
            f"{row['plateifu']} {tracer}\n{angles[tracer][0][i]:.0f} +- "
            f"{row[f'{tracer}_pa_err'].value:.0f}, published {angles[tracer][1][i]:.0f}, "
            f"rel. {row[f'{tracer}_reliability']:.2f}",
            fontsize=9,
        )
    figure.savefig(path, dpi=60)
    print(f"figure: {path}; black is ours, green the published angle")


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
