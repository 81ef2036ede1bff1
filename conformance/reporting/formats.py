"""The formats of a report of a run, and who writes each."""

import json
from typing import TYPE_CHECKING, Final

from conformance.escapes import json_document
from conformance.reporting.files import Writers

if TYPE_CHECKING:
    from conformance.record import RunRecord


def _json(record: "RunRecord") -> bytes:
    from conformance.reporting.document import document

    return (
        json_document(json.dumps(document(record), ensure_ascii=False, indent=2)).encode() + b"\n"
    )


def _junit(record: "RunRecord") -> bytes:
    from conformance.reporting.junit import render

    return render(record)


def _markdown(record: "RunRecord") -> bytes:
    from conformance.reporting.markdown import render

    return render(record).encode()


WRITERS: Final[Writers["RunRecord"]] = {"json": _json, "junit": _junit, "markdown": _markdown}
