"""The formats of a run's report, with their writers."""

import json
from typing import TYPE_CHECKING, Final

from conformance.rendering.files import Writers
from conformance.text.escapes import json_document

if TYPE_CHECKING:
    from conformance.record.record import RunRecord


def _json(record: "RunRecord") -> bytes:
    from conformance.rendering.document import document

    return (
        json_document(json.dumps(document(record), ensure_ascii=False, indent=2)).encode() + b"\n"
    )


def _junit(record: "RunRecord") -> bytes:
    from conformance.rendering.junit import render

    return render(record)


def _markdown(record: "RunRecord") -> bytes:
    from conformance.rendering.markdown import render

    return render(record).encode()


def _html(record: "RunRecord") -> bytes:
    from conformance.rendering.html.page import render

    return render(record).encode()


WRITERS: Final[Writers["RunRecord"]] = {
    "html": _html,
    "json": _json,
    "junit": _junit,
    "markdown": _markdown,
}
