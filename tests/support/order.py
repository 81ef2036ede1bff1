"""The order in which tests run: what takes long first, and as much of it in every worker.

The workers begin at different places of what takes long, so that whole runs of the suite, which
need the processors, fall together with tests that wait.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")

LONG: Final = (
    "docs/test_site.py",
    "docs/test_site_browser.py",
    "conformance/test_end_to_end.py",
    "conformance/test_baseline_command.py",
    "conformance/test_small_ends.py",
    "conformance/test_second_server.py",
    "conformance/test_one_method.py",
    "conformance/test_hostile_targets.py",
    "conformance/test_issued_secrets.py",
    "conformance/test_missing_answers.py",
    "conformance/test_hostile_turns.py",
    "conformance/test_hostile_words.py",
    "conformance/test_connection.py",
    "conformance/test_unreachable_targets.py",
    "conformance/test_first_handshake.py",
    "conformance/test_interruption.py",
    "conformance/test_hook_checks.py",
    "clients/javascript/test_driver.py",
    "clients/javascript/test_javascript_client.py",
    "benchmarks/test_mutants.py",
    "benchmarks/test_stability.py",
)
"""Files with tests that run for seconds: first those that compute, then those that wait."""


def dealt(items: Sequence[T], file: Callable[[T], str], workers: int) -> list[T]:
    """Items in an order in which each worker, given an equal part, begins with long ones.

    What a worker steals from another is the end of its part.
    """
    places = {name: place for place, name in enumerate(LONG)}
    long = sorted((item for item in items if file(item) in places), key=lambda i: places[file(i)])
    short = iter([item for item in items if file(item) not in places])
    order: list[T] = []
    for number in range(workers):
        mine, part = long[number::workers], (len(items) - len(order)) // (workers - number)
        begin = len(mine) * number // workers
        order += [*mine[begin:], *mine[:begin], *islice(short, max(0, part - len(mine)))]
    return [*order, *short]
