"""The reports of a run for which none were asked: in `coda-report/`, found without a path."""

from pathlib import Path
from typing import Final

from conformance.documents import json_file
from conformance.documents.whole_file import is_file
from conformance.errors import InputError
from conformance.record.record import RunRecord
from conformance.rendering.files import Reports, Written
from conformance.rendering.formats import WRITERS
from conformance.rendering.reader import MAX_BYTES

FOLDER: Final = Path("coda-report")
KINDS: Final = ("json", "html")


class UsualReports(Reports[RunRecord]):
    """Reports of which that of a part of the suite never replaces that of a whole run."""

    def __init__(self) -> None:
        try:
            super().__init__(_words("report"), WRITERS)
            self._part: Reports[RunRecord] = Reports(_words("part"), WRITERS)
        except InputError as error:
            other = "name another place with --report FORMAT=PATH, or none with --no-report"
            raise InputError(f"{error.message}; {other}") from None

    def write(self, value: RunRecord) -> Written:
        """Write the reports; those of a part go beside those of a whole run."""
        if not is_whole(value) and _holds_whole(FOLDER / "report.json"):
            return self._part.write(value)
        return super().write(value)


def is_whole(record: RunRecord) -> bool:
    """Return whether a run tried everything that there is for its target."""
    return record.complete and not (record.selection or record.profiles or record.unreachable)


def _holds_whole(path: Path) -> bool:
    """Return whether there is a report of a whole run."""
    try:
        if not is_file(path):  # a named pipe would be waited for
            return False
        run = json_file.read(path, str(path), MAX_BYTES)["run"]
        return bool(run["complete"]) and not (run["selection"] or run["profiles"])
    except (InputError, OSError, KeyError, TypeError):
        return False


def _words(name: str) -> list[str]:
    return [f"{kind}={FOLDER / name}.{kind}" for kind in KINDS]
