"""
The claims of docs/trust.rst about accuracy, one line each, with the goal and whether it is met.

    python benchmarks/validation.py
    python benchmarks/validation.py --only repeats shapes
    python benchmarks/validation.py --write docs/validation.csv

A pull is 1.48 times the median of |difference| / error: 1 where errors are right, and insensitive
to a few outliers. The simulated fields are those of an independent simulator, the real ones those
of MPL-8; both are read from the folder of shared data.
"""

import argparse
import csv
import os

import claims_real
import claims_rings
import claims_simulated
from claims import Claims

SECTIONS = {
    name.removeprefix("claim_"): function
    for module in (claims_simulated, claims_rings, claims_real)
    for name, function in vars(module).items()
    if name.startswith("claim_")
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--write", metavar="CSV", help="write the table as well")
    options = parser.parse_args()
    claims = Claims(options.jobs)
    for name in options.only:
        SECTIONS[name](claims)
    if options.write:
        with open(options.write, "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["Claim", "Cases", "Found", "Goal", "Met"])
            writer.writerows(claims.rows)
    met = sum(row[-1] == "yes" for row in claims.rows)
    print(f"{met} of {len(claims.rows)} goals are met")


if __name__ == "__main__":
    main()
