"""The reports of a run for which none were asked: in `coda-report/`, found without a path."""

from pathlib import Path
from typing import Final

from conformance.documents.whole_file import identity
from conformance.errors import InputError
from conformance.record.record import RunRecord
from conformance.rendering.files import Reports, Written
from conformance.rendering.formats import WRITERS

FOLDER: Final = Path("coda-report")
KINDS: Final = ("json", "html")


class UsualReports(Reports[RunRecord]):
    """`report` of a whole run, and `part` of any other, which so replaces no fuller one.

    A run of what failed in a report replaces that one only if it comes to its end.
    """

    def __init__(self, source: Path | None = None) -> None:
        self._source = source
        try:
            super().__init__(_words("report"), WRITERS)
            self._part: Reports[RunRecord] = Reports(_words("part"), WRITERS)
        except InputError as error:
            other = "name another place with --report FORMAT=PATH, or none with --no-report"
            raise InputError(f"{error.message}; {other}") from None

    def write(self, value: RunRecord) -> Written:
        """Write the reports."""
        if is_whole(value):
            return super().write(value)
        is_cut_short = value.unreachable or not value.complete
        source, part = self._source, FOLDER / "part.json"
        if is_cut_short and source is not None and identity(source) == identity(part):
            return Written((), ())
        return self._part.write(value)


def is_whole(record: RunRecord) -> bool:
    """Return whether a run tried everything that there is for its target."""
    return record.complete and not (record.selection or record.profiles or record.unreachable)


def _words(name: str) -> list[str]:
    return [f"{kind}={FOLDER / name}.{kind}" for kind in KINDS]
