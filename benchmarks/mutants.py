"""How many small mistakes in the reference server the conformance suite alone notices.

mutmut makes the mutants of the server's modules: each is the server with one small change, such as
another operator, constant, argument or text. Each is served by a process of its own and judged by
the suite with all hooks, as `coda-conformance demo` does, and no other test. The first failure ends
it: the quick scenarios come first, those that wait last. A mutant is

- killed, when a scenario or a passive check fails, or no server comes of it,
- unclear, when nothing fails but something is inconclusive: a run that ends with exit status 3,
- out of time, when it is not done within 90 seconds,
- a survivor, when nothing of the kind is seen: it is equivalent, or the suite has a gap.

Mutants in texts for people, logs and what no connection reaches are left out (lab/mutations.py says
which, and why). Without names, `--sample` mutants are drawn by `--seed`.

    python benchmarks/mutants.py [--sample 300] [--seed 1] [--jobs 2] [--report FILE] [--least 75]
    python benchmarks/mutants.py --modules deduplication login --sample 20
    python benchmarks/mutants.py deduplication-85 login-29     # these alone
    python benchmarks/mutants.py --modules canonical --scenarios deduplication/    # by a part
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter

from lab.figures import show
from lab.jury import KILLED, LATE, SURVIVED, UNCLEAR, Finding, findings
from lab.mutations import MODULES, mutant, names
from lab.processes import end_at_sigterm

from conformance.errors import InputError, KitError
from conformance.loader.selection import select
from conformance.selftest import judging


def drawn(modules: Sequence[str], size: int, seed: int) -> list[str]:
    """The names of so many mutants to judge, the same for the same seed."""
    found = names(modules)
    print(f"{len(found)} mutants of {len(modules)} modules", flush=True)
    random.Random(seed).shuffle(found)
    left_out: Counter[str] = Counter()

    def included() -> Iterator[str]:
        for name in found:
            reason = mutant(name).excluded
            left_out.update([reason] if reason else [])
            if reason is None:
                yield name

    sample = list(islice(included(), size))
    print(f"{len(sample)} drawn, {left_out.total()} left out on the way", flush=True)
    for reason, count in left_out.most_common():
        print(f"    {count} {reason}")
    return sample


def tell(found: Finding, number: int, total: int) -> None:
    """Prints what was found: all of it where there is something to review."""
    name, seconds = found.mutant.name, f"{found.seconds:.1f} s"
    if found.outcome == KILLED:
        more = f" and {len(found.by) - 1} more" if len(found.by) > 1 else ""
        print(f"{number} of {total}: {name} killed by {found.by[0]}{more}, {seconds}", flush=True)
        return
    where = f"reference_server/{found.mutant.module}.py:{found.mutant.line}"
    print(f"{number} of {total}: {name} {found.outcome.upper()}, {seconds}  {where}")
    rows = [*found.mutant.diff.splitlines(), *found.by[:3]]
    print(*(f"    {row}" for row in rows), sep="\n", flush=True)


def summary(done: Sequence[Finding]) -> None:
    """Prints how many mutants of each module came to what."""
    kinds = (KILLED, SURVIVED, UNCLEAR, LATE)
    modules = [name for name in MODULES if any(row.mutant.module == name for row in done)]
    rows = []
    for name in (*modules, "all"):
        of_module = Counter(row.outcome for row in done if name in (row.mutant.module, "all"))
        part = of_module[KILLED] / of_module.total()
        rows.append((name, of_module.total(), *(of_module[kind] for kind in kinds), f"{part:.0%}"))
    show(rows, ("module", "mutants", *kinds, "killed"))


def document(done: Sequence[Finding]) -> object:
    """What was found, as JSON has it: those that were not killed with their changes."""
    killed = {row.mutant.name: row.by[0] for row in done if row.outcome == KILLED}
    others = [
        {
            "name": row.mutant.name,
            "outcome": row.outcome,
            "line": row.mutant.line,
            "diff": row.mutant.diff,
            "other": row.by,
        }
        for row in done
        if row.outcome != KILLED
    ]
    return {"killed": killed, "others": others}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="mutants to judge, such as deduplication-85")
    parser.add_argument("--modules", nargs="+", choices=MODULES, default=MODULES, metavar="NAME")
    told = "judge by these alone, such as deduplication/: areas, requirements, scenarios"
    parser.add_argument("--scenarios", nargs="+", default=[], metavar="WORD", help=told)
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="mutants at once")
    parser.add_argument("--report", type=Path, metavar="FILE", help="where to write JSON")
    told = "per cent to be killed; with fewer it ends with status 1"
    parser.add_argument("--least", type=float, default=0, metavar="N", help=told)
    options = parser.parse_args()
    end_at_sigterm()
    begun = perf_counter()
    try:
        wanted = [mutant(name).name for name in options.names]
        select(judging.suite(), options.scenarios, ())
    except (LookupError, InputError) as error:
        parser.error(str(error))
    wanted = wanted or drawn(options.modules, options.sample, options.seed)
    done: list[Finding] = []
    try:
        for found in findings(wanted, options.jobs, options.scenarios):
            done.append(found)
            tell(found, len(done), len(wanted))
    except KitError as error:
        sys.exit(str(error))
    summary(done)
    print(f"{perf_counter() - begun:.0f} s")
    if options.report:
        options.report.write_text(json.dumps(document(done), indent=2) + "\n", "utf-8")
    killed = sum(row.outcome == KILLED for row in done)
    return 1 if killed < options.least / 100 * len(done) else 0


if __name__ == "__main__":
    sys.exit(main())
