"""The judgement of a target: one run, at its full width, for all checks of a test run.

The checks of a suite judge one another's results: failures are rerun in the end, a late answer
refutes that it is missing, passive checks see everything. So none has a result before the run is
over, and the run is made once, by whichever process needs it first.
"""

import fcntl
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from conformance.engine.run import Run
from conformance.engine.started import with_lifetime
from conformance.pytest_plugin.ending import orderly
from conformance.pytest_plugin.loop import Loop
from conformance.record.record import RunRecord
from conformance.rendering.files import write
from conformance.rendering.formats import WRITERS
from conformance.rendering.reader import read
from conformance.target.process import NotReady, running
from conformance.target.target import Target


def judged(make: Callable[[], RunRecord], folder: Path | None, name: str) -> RunRecord:
    """Return the record of a run that one of several processes makes for all of them.

    They find it under its name in the folder; without one, this process is the only one.
    """
    if folder is None:
        return make()
    path = folder / f"{name}.json"
    with (folder / f"{name}.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a process that dies lets go of it
        if not path.exists():
            write(path, WRITERS["json"](make()))
    return read(path).record()


def judge(target: Target, planned: Callable[[Target], Run]) -> RunRecord:
    """Return the record of a run, `planned` for a target that is ready.

    A target with a command is started for the run and ended after it.
    """
    with orderly(), ExitStack() as stack:
        process = stack.enter_context(running(target.command)) if target.command else None
        try:
            found = process.ready() if process else {}
        except NotReady as error:
            run = planned(target)
            record = run.unreached(str(error))
        else:
            run = planned(target.ready(found) if process else target)
            record = stack.enter_context(Loop()).do(run.perform())
        return with_lifetime(record, run, process) if process else record
