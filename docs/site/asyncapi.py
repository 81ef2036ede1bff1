"""The AsyncAPI document as one page that needs no network: the official component, in one file."""

import json
import re
from pathlib import Path
from typing import Final

DOCS: Final = Path(__file__).resolve().parent.parent
COMPONENT: Final = Path("@asyncapi") / "react-component"
SCRIPT: Final = COMPONENT / "browser" / "standalone" / "index.js"
LICENCES: Final = COMPONENT / "browser" / "standalone" / "index.js.LICENSE.txt"
STYLE: Final = COMPONENT / "styles" / "default.min.css"
OWN_SCRIPT: Final = Path(__file__).resolve().parent / "static" / "asyncapi.js"
OWN_STYLE: Final = Path(__file__).resolve().parent / "static" / "asyncapi.css"

# The component compiles the schemas by which it reads the document, hence unsafe-eval. Whatever it
# does, it reaches nothing outside the page.
POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'"
)
CONFIG: Final = {
    "show": {"sidebar": True, "messages": False, "errors": False},
    "expand": {"messageExamples": False},
    "sidebar": {"showOperations": "byDefault"},
    "sendLabel": "SENDS",
    "receiveLabel": "RECEIVES",
    "requestLabel": "ASKS",
    "replyLabel": "ANSWERS",
}
WORDING: Final = {
    '"Accepts the following message:"': '"The message:"',
    '"Accepts ",': '"This is ",',
    '"Available only on servers:"': '"On the servers:"',
}
"""Words of the component that are wrong for what a server sends, and better ones."""

ENDS_SCRIPT: Final = re.compile(r"<(?=!--|/script)", re.IGNORECASE)
PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main id="asyncapi" aria-busy="true"><p>The document is being laid out …</p></main>
<noscript><p>This page needs JavaScript; see <code>schemas/asyncapi.json</code>.</p></noscript>
<script type="text/plain" id="licences">{licences}</script>
<script>{script}</script>
<script>{start}</script>
</body>
</html>
"""


class PackageMissing(Exception):
    """A file of the component is not there; the text says how to get it."""


def page(document: str, modules: Path = DOCS / "node_modules") -> str:
    """Return the page of an AsyncAPI document, given as JSON.

    Raises `PackageMissing` when the component is not installed, and `ValueError` when the document
    is not JSON.
    """
    value = json.loads(document)
    return PAGE.format(
        policy=POLICY,
        title=_text(f"{value['info']['title']} {value['info']['version']}: AsyncAPI"),
        style=_in_style(_read(modules, STYLE) + OWN_STYLE.read_text("utf-8")),
        licences=_in_script(_read(modules, LICENCES)),
        script=_in_script(_worded(_read(modules, SCRIPT))),
        start=_in_script(
            OWN_SCRIPT.read_text("utf-8") + f"\nshow({_data(value)}, {_data(CONFIG)});\n"
        ),
    )


def _read(modules: Path, name: Path) -> str:
    try:
        return (modules / name).read_text("utf-8")
    except OSError as error:
        raise PackageMissing(
            f"{modules / name} cannot be read ({error.strerror}): npm install --no-audit --no-fund "
            "--prefix docs"
        ) from None


def _text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _data(value: object) -> str:
    """Return a value as an expression of JavaScript that cannot end the script around it."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _worded(code: str) -> str:
    for said, better in WORDING.items():
        code = code.replace(said, better)
    return code


def _in_script(code: str) -> str:
    """Return a script that cannot end its element; strings and patterns mean the same."""
    return ENDS_SCRIPT.sub(r"\\x3c", code)


def _in_style(style: str) -> str:
    return style.replace("</", "<\\/")
