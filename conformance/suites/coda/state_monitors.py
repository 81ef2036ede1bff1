"""Passive checks of a connection's life: what may come when, how fast, and how it may end."""

from typing import Any, Final

from conformance.loader.monitor import Monitor
from conformance.model import Evidence, Failure
from conformance.suites.coda import UNREADABLE
from conformance.transport import NO_CLOSE_FRAME, Connection, End, Message

ANSWER_TIME: Final = 2.0

BEFORE_AUTHENTICATION: Final = frozenset({"auth_challenge", "auth_result", "error"})

NO_CODE: Final = 1005

TIME_OUT: Final = 4408

TOKEN_ENDS: Final = {4403: "token_revoked", 4410: "token_expired"}

UNASKED: Final = {"auth_result": ("auth_timeout",), "error": tuple(TOKEN_ENDS.values())}
"""The codes, by type, of what a server says of its own accord."""

CLOSE_CODES: Final = frozenset(
    {1000, 1001, 1002, 1003, 1007, 1009, 1013, 4400, 4401, 4403, 4408, 4410, 4429}
)


def message_type(message: Message) -> str | None:
    """The type of a message; None where it has none."""
    value = message.value
    found = value.get("type") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def data_of(message: Message) -> dict[str, Any]:
    """The data of a message; empty where it has none."""
    value = message.value
    found = value.get("data") if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def authenticates(message: Message) -> bool:
    """Whether a message is the auth_result of a success."""
    return message_type(message) == "auth_result" and data_of(message).get("success") is True


def may_authenticate(message: Message) -> bool:
    """Whether a message is an auth_result that does not clearly tell of a failure."""
    return message_type(message) == "auth_result" and data_of(message).get("success") is not False


def unexpected(summary: str, expected: str, message: Message, pointer: str = "") -> Failure:
    """The failure of a message that should not be as it is."""
    return Failure(summary, expected=Evidence(expected), received=message.evidence, pointer=pointer)


def unexpected_end(summary: str, expected: str, end: End) -> Failure:
    """The failure of a close that should not be as it is."""
    return Failure(
        summary,
        expected=Evidence(expected),
        received=Evidence("close code", end.code),
        close_code=end.code,
    )


class ChallengeFirst(Monitor):
    """The first message is the challenge, and there is no second one."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges the first message, and every later challenge; not what cannot be read."""
        first = connection not in self.noted
        self.noted[connection] = True
        if message.fault:
            return None
        challenge = message_type(message) == "auth_challenge"
        self.observed += first or challenge
        if first:
            if not challenge:
                return unexpected("the first message is not a challenge", "auth_challenge", message)
        elif challenge:
            return unexpected("a second challenge came", "one auth_challenge", message)
        return None


class NothingBeforeAuthentication(Monitor):
    """Nothing but the challenge, results and errors comes before authentication."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every message up to the successful auth_result, or one that may be it."""
        if self.noted.get(connection):
            return None
        self.observed += 1
        if message.fault or may_authenticate(message):
            self.noted[connection] = True
        elif message_type(message) not in BEFORE_AUTHENTICATION:
            expected = "only auth_challenge, auth_result and error before authentication"
            return unexpected("a message came before authentication", expected, message)
        return None


class AnswerTime(Monitor):
    """Answers come in time."""

    def answered(self, message: Message, seconds: float) -> Failure | None:
        """Judges the seconds that the target itself took; what tells of an end answers nothing."""
        if data_of(message).get("code") in UNASKED.get(message_type(message) or "", ()):
            return None
        self.observed += 1
        if seconds <= ANSWER_TIME:
            return None
        summary = f"an answer took {seconds:.1f} s"
        return unexpected(summary, f"an answer within {ANSWER_TIME:g} s", message)

    def unanswered(self, seconds: float) -> Failure | None:
        """A server that has fallen silent answers a message too late, if ever."""
        if seconds <= ANSWER_TIME:
            return None
        self.observed += 1
        return Failure(
            summary="no answer came, on this or any other connection",
            expected=Evidence(f"an answer within {ANSWER_TIME:g} s"),
            received=Evidence(f"nothing within {seconds:.1f} s"),
        )


class AnswersInOrder(Monitor):
    """No answer is overtaken by that to a later message; counted are the later messages."""

    def overtaken(self, message: Message) -> Failure | None:
        """Every answer that is overtaken breaks the order, however soon it follows."""
        expected = "each answer before the answer to the next message"
        return unexpected("an answer came after the answer to a later message", expected, message)


class CloseCodes(Monitor):
    """Connections end with a code of the table."""

    def ended(self, connection: Connection, end: End) -> Failure | None:
        """Judges the code of a close frame that the target sent of its own accord."""
        if connection.closing or end.code in (NO_CLOSE_FRAME, NO_CODE):
            return None
        self.observed += 1
        if end.code in CLOSE_CODES:
            return None
        return unexpected_end(
            "a connection was closed with a code that is not in the table",
            f"one of {', '.join(map(str, sorted(CLOSE_CODES)))}",
            end,
        )


class NoTimeOutInSession(Monitor):
    """The time to authenticate ends no session."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Notes which connections are sessions."""
        if authenticates(message):
            self.noted[connection] = True
        return None

    def ended(self, connection: Connection, end: End) -> Failure | None:
        """Judges the end of every session."""
        if not self.noted.get(connection):
            return None
        self.observed += 1
        if end.code != TIME_OUT:
            return None
        return unexpected_end(
            "a session was closed because the time to authenticate was over",
            "a session that goes on",
            end,
        )


class TimeOutTold(Monitor):
    """A client is told that the time to authenticate is over."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Notes what the last auth_result said."""
        data = data_of(message)
        self.noted[connection] = (data.get("success"), data.get("code"))
        return None

    def ended(self, connection: Connection, end: End) -> Failure | None:
        """Judges every close with 4408."""
        if end.code != TIME_OUT:
            return None
        self.observed += 1
        if self.noted.get(connection) == (False, "auth_timeout"):
            return None
        return unexpected_end(
            "a connection was closed with 4408 without an explanation",
            'before it an auth_result with success false and code "auth_timeout"',
            end,
        )


class TokenEndTold(Monitor):
    """A client is told what became of the token of its session."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Notes the code of the last error; of a message that cannot be read nothing is known."""
        if message.fault:
            self.noted[connection] = UNREADABLE
        elif message_type(message) == "error":
            self.noted[connection] = data_of(message).get("code")
        return None

    def ended(self, connection: Connection, end: End) -> Failure | None:
        """Judges every close with 4403 or 4410."""
        if end.code not in TOKEN_ENDS or self.noted.get(connection) == UNREADABLE:
            return None
        self.observed += 1
        if self.noted.get(connection) in TOKEN_ENDS.values():
            return None
        return unexpected_end(
            f"a connection was closed with {end.code} without an explanation",
            f'before it an error with code "{TOKEN_ENDS[end.code]}"',
            end,
        )


def state_monitors() -> list[Monitor]:
    """The passive checks of this module."""
    results = frozenset({"auth_result"})
    return [
        ChallengeFirst("challenge-first", "STATE-01", "The challenge comes first, and only once"),
        NothingBeforeAuthentication(
            "nothing-before-authentication",
            "STATE-02",
            "Before authentication only challenges, results and errors come",
        ),
        AnswerTime("answer-time", "ORDER-04", "Every answer comes within 2 seconds"),
        AnswersInOrder("answers-in-order", "ORDER-01", "No answer is overtaken by a later one"),
        CloseCodes("close-codes", "ERROR-08", "Every close code is in the table"),
        NoTimeOutInSession(
            "no-time-out-in-session",
            "AUTH-14",
            "No session ends because the time to authenticate is over",
            kinds=results,
        ),
        TimeOutTold(
            "time-out-told",
            "AUTH-15",
            "An auth_result with code auth_timeout comes before a close with 4408",
            kinds=results,
        ),
        TokenEndTold(
            "token-end-told",
            "TOKEN-08",
            "An error reports what became of the token before a close with 4403 or 4410",
            kinds=frozenset({"error", UNREADABLE}),
        ),
    ]
