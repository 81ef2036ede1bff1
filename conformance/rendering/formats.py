"""The formats of a run's report, with their writers."""

import json
from typing import TYPE_CHECKING, Any, Final

from conformance.rendering.files import Writers
from conformance.text.escapes import json_document

if TYPE_CHECKING:
    from conformance.record.record import RunRecord


def _json(record: "RunRecord") -> bytes:
    from conformance.rendering.document import document

    return _encoded(document(record))


def _junit(record: "RunRecord") -> bytes:
    from conformance.rendering.junit import render

    return render(record)


def _markdown(record: "RunRecord") -> bytes:
    from conformance.rendering.markdown import render

    return render(record).encode()


def _html(record: "RunRecord") -> bytes:
    from conformance.rendering.html.page import render

    return render(record).encode()


def _ctrf(record: "RunRecord") -> bytes:
    from conformance.rendering.ctrf import document

    return _encoded(document(record))


def _github(record: "RunRecord") -> bytes:
    from conformance.rendering.annotations import render

    return render(record)


def _badge(record: "RunRecord") -> bytes:
    from conformance.rendering.badge import endpoint

    return _encoded(endpoint(record))


def _svg(record: "RunRecord") -> bytes:
    from conformance.rendering.badge import svg

    return svg(record)


def _encoded(value: Any) -> bytes:
    return json_document(json.dumps(value, ensure_ascii=False, indent=2)).encode() + b"\n"


WRITERS: Final[Writers["RunRecord"]] = {
    "html": _html,
    "json": _json,
    "junit": _junit,
    "markdown": _markdown,
    "ctrf": _ctrf,
    "github": _github,
    "badge": _badge,
    "svg": _svg,
}
