"""How many causes a report names for servers that have one fault each.

A seeded sample of the self-test's faults is judged by the whole suite, but not in other forms;
failures are rerun once. Goal: one cause for 80 % of the faults that are found, at most two for
95 %. It takes about ten seconds of computing for each fault.

    python benchmarks/causes.py --sample 100 --seed 7
"""

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import Final, NamedTuple

from conformance.engine.run import Options
from conformance.errors import KitError
from conformance.record.causes import causes
from conformance.selftest import judging
from conformance.selftest.fault import Fault, load, select

OPTIONS: Final = Options(force=True, retries=1)


class Found(NamedTuple):
    """What the report on one faulty server says: the causes' sentences, and what has none."""

    fault: Fault
    sentences: list[str]
    open: tuple[str, ...]


def grouped(fault: Fault) -> Found | None:
    """Judge one faulty server; None if that did not come to an end."""
    try:
        record = judging.record_of(fault, list(judging.suite().scenarios.values()), OPTIONS)
    except (KitError, TimeoutError):
        return None
    found = causes(record)
    return Found(fault, [cause.sentence for cause in found.ranked], found.open)


def main() -> None:
    """Print how many faults had how many causes, and those with more than two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    suite = judging.suite()
    faults = select(load(suite.schemas, suite.requirements), (), arguments.sample, arguments.seed)
    judging.control([])
    rows: list[Found] = []
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for found in pool.map(grouped, faults):
            rows += [found] if found else []
            if found and len(found.sentences) > 1:
                print(f"{found.fault.id}: {len(found.sentences)}", *found.sentences, sep="\n    ")
                sys.stdout.flush()
    numbers = Counter(len(row.sentences) for row in rows)
    caught = len(rows) - numbers[0]
    if not caught:
        sys.exit(f"none of {len(faults)} faults was found")
    print(f"{len(rows)} of {len(faults)} judged, {numbers[0]} not found; causes: {dict(numbers)}")
    few = numbers[1] + numbers[2]
    print(f"one cause: {numbers[1] / caught:.0%}; at most two: {few / caught:.0%}")
    print(f"inconclusive without a cause: {sum(len(row.open) for row in rows)}")


if __name__ == "__main__":
    main()
