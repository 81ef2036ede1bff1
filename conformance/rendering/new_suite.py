"""The texts of a new suite, or of a new scenario: a beginning that works as it is."""

import re
from collections.abc import Sequence
from typing import Final

SCHEMAS: Final = "https://schemas.coda-lite.example/v1/kit"
LONGEST_PREFIX: Final = 12

HEADER: Final = """\
# yaml-language-server: $schema={schemas}/suite.json
title: "{title}"
version: "0.1"

profiles:
  core: {{required: true, title: What every server does}}
  # more: {{claim: more, title: What servers do that state it}}

# Procedures that learn what the server states; what they save is read by `claims` and `parameters`.
discovery: [opened]
# claims: [/welcome/features]
# parameters: {{window: {{stated: /welcome/window, default: 5}}}}

# A message whose answer repeats a text proves that nothing else comes. Without one, what should not
# come is absent if it has not come after these seconds.
quiet: 0.5
# barrier: {{messages: [{{type: echo, id: $barrier}}], let_in: {{type: hi}}, answers: [echo]}}

# Passive checks: every message of a kind satisfies a schema in schemas/.
# shapes: {{messages: {{title: Every message has a type, schema: message, requirement: {id}}}}}
"""

REQUIREMENTS: Final = """\
# yaml-language-server: $schema={schemas}/requirements.json
version: "0.1"
requirements:
  - id: {id}
    level: MUST
    role: server
    profile: core
    sentence: A server MUST accept the handshake of a client.
"""

PROCEDURE: Final = """\
# yaml-language-server: $schema={schemas}/procedure.json
title: Opens a connection
steps:
  - connect: {{}}
"""

ACCEPTED: Final = """\
# yaml-language-server: $schema={schemas}/scenario.json
title: The handshake of a client is accepted
requirements: [{id}]
steps:
  - connect: {{}}
"""

SCENARIO: Final = """\
# yaml-language-server: $schema={schemas}/scenario.json
title: What a server that keeps {id} does, in a sentence
requirements: [{id}]
setup:
{setup}
steps:
  - send: {{type: some_type, id: $marker}}
  - expect: {{type: some_answer, id: $marker}}
"""


def suite_files(name: str) -> dict[str, str]:
    """Return the files of a new suite by their paths in its folder."""
    known = {"schemas": SCHEMAS, "title": _title(name), "id": f"{_prefix(name)}-01"}
    return {
        "suite.yaml": HEADER.format(**known),
        "requirements.yaml": REQUIREMENTS.format(**known),
        "procedures/opened.yaml": PROCEDURE.format(**known),
        "scenarios/connection/is-accepted.yaml": ACCEPTED.format(**known),
    }


def scenario(requirement: str, discovery: Sequence[str]) -> str:
    """Return a new scenario of a suite whose discovery performs these procedures."""
    setup = "\n".join(f"  - call: {name}" for name in discovery) or "  - connect: {}"
    return SCENARIO.format(schemas=SCHEMAS, id=requirement, setup=setup)


def _prefix(name: str) -> str:
    return re.sub("[^A-Z]", "", name.upper())[:LONGEST_PREFIX] or "SUITE"


def _title(name: str) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", " ", name).strip()
    return words.capitalize() or "A protocol"
