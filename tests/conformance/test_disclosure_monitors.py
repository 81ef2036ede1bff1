"""What counts as a part of a stack trace in a text for a human, and what does not."""

import pytest

from conformance.suites.coda.disclosure_monitors import TRACE

TRACES = [
    "Traceback (most recent call last)",
    'File "/srv/coda/server.py", line 42',
    "server.py:42",
    "internal error (server.go:12)",
    "at handle (/srv/app/server.js:12:7)",
    "lib/server.js:12",
    "server.js:12:7",
    "Session.java line 7",
    "java.lang.ArithmeticException",
    "json.JSONDecodeError: Extra data",
    "std::out_of_range::RangeError",
    "thread 'main' panicked",
    "goroutine 7 [running]",
]
TEXTS = [
    "Unknown host home.example.py:8443",
    "see https://docs.example.rs:443/errors",
    "https://example.py:8443 is no origin of this server",
    "Node.js:18 refused",
    "The error is at line 3, column 7",
    "an Error or Exception",
    "wss://voice.example.go:443/",
    "user@mail.example.rs:25",
]


@pytest.mark.parametrize("text", TRACES)
def test_a_part_of_a_trace_is_found(text: str) -> None:
    assert TRACE.search(text)


@pytest.mark.parametrize("text", TEXTS)
def test_hosts_versions_and_words_are_no_traces(text: str) -> None:
    assert not TRACE.search(text)
