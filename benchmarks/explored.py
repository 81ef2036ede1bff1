"""How many faulty servers exploring finds, and how it names what is wrong with them.

A seeded sample of the self-test's faults, each explored until one requirement is found broken or
so many dialogues were played. Found and rightly named are those of which a find names a requirement
that the fault breaks. Goal: 85 % of 200, with 3,000 dialogues each.

    python benchmarks/explored.py --sample 200 --dialogues 3000
"""

import argparse
import os
import sys
from statistics import median

from conformance.explore.extent import Extent
from conformance.selftest import judging
from conformance.selftest.exploring import Explored, all_found
from conformance.selftest.fault import load, select


def told(row: Explored) -> str:
    """Return what exploring one faulty server came to, in a line."""
    word = "right" if row.is_right else "OTHER" if row.finds else "MISSED"
    named = ", ".join(find.requirement for find in row.finds)
    wanted = ", ".join(sorted({row.fault.requirement, *row.fault.also}))
    said = f"{word:6} {row.fault.id}: {row.fault.title}; {wanted}"
    return f"{said}; found {named or 'nothing'} in {row.played} ({row.seconds:.0f} s) {row.trouble}"


def main() -> None:
    """Print what was found of each fault, and how much of all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("selection", nargs="*")
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dialogues", type=int, default=3_000)
    parser.add_argument("--least", type=float, default=0.0, help="per cent to be rightly named")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    suite = judging.suite()
    known = load(suite.schemas, suite.requirements)
    faults = select(known, arguments.selection, arguments.sample, arguments.seed)
    extent = Extent(arguments.seed, arguments.dialogues, float("inf"), finds=1)
    rows = []
    for row in all_found(faults, extent, arguments.jobs):
        rows.append(row)
        print(told(row), flush=True)
    found = [row for row in rows if row.finds]
    right = sum(row.is_right for row in rows)
    finds = [find for row in found for find in row.finds]
    if finds:
        lengths = (
            f"{median(f.length for f in finds):g} to {median(len(f.script.done) for f in finds):g}"
        )
        seconds = median(find.seconds for find in finds)
        print(f"finds shrunk from {lengths} actions (medians), in {seconds:.1f} s")
    share = 100 * right / len(rows)
    print(f"{len(found)} of {len(rows)} faults found, {right} rightly named ({share:.0f} %)")
    sys.exit(0 if share >= arguments.least else 1)


if __name__ == "__main__":
    main()
