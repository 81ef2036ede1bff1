"""What a terminal, a renderer of text or a CI server would obey instead of show, found in a text.

The list is written out here, and so does not depend on what the kit takes for harmless.
"""

import re
from typing import Final

CONTROLS: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f"
BIDIRECTIONAL: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
INVISIBLE: Final = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2028\u2029\u2060-\u2064"
    "\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
SURROGATES: Final = "\ud800-\udfff"
CHARACTERS: Final = re.compile(f"[{CONTROLS}{BIDIRECTIONAL}{INVISIBLE}{SURROGATES}]")
ORDERS: Final = re.compile(r"^\s*::.*|##\w*\[.*", re.MULTILINE)

HOSTILE: Final = (
    "\x1b[2J\x1b]0;owned\x07\x1b]8;;http://evil.example/\x1b\\here\x1b]8;;\x1b\\",
    "\x9b31m\x90q\x9c\x85",
    "\r\x1b[1A\x08\x7f\x00",
    "gnp.\u202eexe \u2066x\u2069 \u200f\u061c",
    "pay\u200bpal\ufeff\u00ad\U000e0041\ufe0f\u3164",
    "a\u2028::error::b\u2029c",
    "::error file=x::owned",
    "\n::set-env name=PATH::/tmp\n  ::add-mask::a\n\t::stop-commands::x",
    "##[error]owned ##vso[task.setvariable variable=x]y ##teamcity[buildStatus]",
    "\x1b[0Ksection_start:1:x\r\x1b[0K",
    "<script>alert(1)</script><img src=x onerror=alert(1)> &lt;b&gt; <!-- x",
    "![x](http://evil.example/x.png) [y](javascript:alert(1)) http://evil.example @everyone",
    "a | b `c` ``d`` \\| **e** _f_ ~~g~~ $h$ {{i}} ]]> \ud800",
)
"""Texts of strangers, each of which some reader would obey, or a report could break at."""


def obeyed(text: str) -> list[str]:
    """Everything in the text that some reader would obey; line breaks are those of the text."""
    found = [f"U+{ord(char):04X}" for char in CHARACTERS.findall(text)]
    return found + ORDERS.findall(text)
