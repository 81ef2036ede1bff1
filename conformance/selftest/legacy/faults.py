"""The faults of the original, one row each; `FAULT <name>` marks the place in the code."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that the original gets wrong, and the ids of the requirements that it breaks."""

    name: str
    happens: str
    breaks: tuple[str, ...]


FAULTS: tuple[Fault, ...] = (
    Fault(
        "any-origin",
        "A handshake is accepted whatever its Origin header says.",
        ("ORIGIN-01",),
    ),
    Fault(
        "user-in-host",
        "A Host header with something before an @ is taken for the name after it.",
        ("ORIGIN-03",),
    ),
    Fault(
        "bare-challenge",
        "An auth_challenge has only a token and a message.",
        ("AUTH-01", "AUTH-04"),
    ),
    Fault(
        "failure-without-code",
        "A failed auth_result has no code.",
        ("AUTH-09", "AUTH-10", "AUTH-11", "AUTH-15"),
    ),
    Fault(
        "token-good-elsewhere",
        "A token is accepted on any connection, any number of times.",
        ("AUTH-07",),
    ),
    Fault(
        "revocation-forgotten",
        "A revoked token validates again, through its signature; no message triggers this.",
        (),
    ),
    Fault(
        "timeout-closes-normally",
        "An authentication that takes too long ends with close code 1000.",
        ("AUTH-14",),
    ),
    Fault(
        "unauthenticated-ignored",
        "A message before authentication gets no answer.",
        ("STATE-03", "ERROR-06"),
    ),
    Fault(
        "array-ends-authentication",
        "An array before authentication ends the connection, with close code 1000.",
        ("ERROR-02", "ERROR-03"),
    ),
    Fault(
        "binary-ignored",
        "A binary message gets no answer.",
        ("TRANSPORT-04",),
    ),
    Fault(
        "any-length-form",
        "A frame whose length is not in its shortest form is accepted like any other.",
        ("TRANSPORT-26",),
    ),
    Fault(
        "close-between-fragments",
        "A close frame between the fragments of a message is answered with close code 1002.",
        ("TRANSPORT-10",),
    ),
    Fault(
        "pong-behind-close",
        "A ping after the close frame of the server is answered.",
        ("TRANSPORT-19",),
    ),
    Fault(
        "invalid-json-ignored",
        "Text that is not JSON gets no answer.",
        ("ERROR-01", "ERROR-06"),
    ),
    Fault(
        "non-object-ignored",
        "JSON that is not an object gets no answer.",
        ("ERROR-02", "ERROR-06"),
    ),
    Fault(
        "unknown-type-relayed",
        "A message of an unknown type is relayed as if it were a client message.",
        ("MSG-09",),
    ),
    Fault(
        "wrapped-twice",
        "A client_message is relayed with itself as its message_data.",
        ("MSG-02", "MSG-03"),
    ),
    Fault(
        "one-memory-for-all",
        "The same content from two clients counts as one message and its duplicate.",
        ("DEDUP-06",),
    ),
    Fault(
        "key-order-matters",
        "The same object with its keys in another order is not recognised.",
        ("DEDUP-04",),
    ),
    Fault(
        "window-slides",
        "Every duplicate without an id extends the window.",
        ("DEDUP-08",),
    ),
    Fault(
        "monotonic-timestamp",
        "The timestamp of an event comes from a clock that does not tell the time of day.",
        ("EVENT-06",),
    ),
    Fault(
        "numbers-in-full",
        "A number written with an exponent is relayed with all its digits.",
        ("MSG-12", "TRANSPORT-25"),
    ),
)

NO_HOOKS = "no-hooks: No hook raises an event, restarts the server or moves its clock; not a fault."
"""Why some results in the baseline are inconclusive; no requirement asks for hooks."""
