"""A target that the kit started: how its process fared is part of the record."""

from msgspec.structs import replace

from conformance.engine.run import Run
from conformance.record.record import RunRecord
from conformance.target.lifetime import lifetime
from conformance.target.process import Process


def with_lifetime(record: RunRecord, run: Run, process: Process) -> RunRecord:
    """Return the record with how the target's process fared, without secrets."""
    fared = lifetime(
        process,
        run.world.begun,
        record.results,
        run.suite.scenarios,
        run.world.secrets.hide,
        lost=bool(record.note),
        in_flight=record.in_flight,
    )
    return replace(record, process=fared)
