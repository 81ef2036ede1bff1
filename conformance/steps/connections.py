"""Steps that open and end connections."""

from typing import Final

from conformance.checks import shown
from conformance.steps.action import RESOLUTION, Action
from conformance.transport import End

TCP_END: Final = 5.0
"""Seconds within which the TCP connection ends after a close frame (TRANSPORT-10)."""


async def connect(action: Action) -> None:
    """Opens a connection; fails when the handshake is answered otherwise than expected."""
    options = action.argument
    answers_close = options.pop("answer_close", True)
    options["subprotocols"] = tuple(options.get("subprotocols", ()))
    connection = await action.dialogue.connect(action.on, answers_close, **options)
    status = connection.response.status_code if connection.response else None
    got = {"status": status, "subprotocol": connection.subprotocol}
    schema = action.option("handshake", {"properties": {"status": {"const": 101}}})
    faults = action.world.suite.schemas.explain_inline(schema, got)
    if faults:
        raise action.fail(
            "the handshake was answered otherwise",
            expected=f"{faults[0].pointer.lstrip('/') or 'handshake'}: {faults[0].message}",
            received=f"HTTP {status or 'nothing'}, subprotocol {connection.subprotocol} "
            f"{connection.refusal}".rstrip(),
        )


async def close(action: Action) -> None:
    """Sends a close frame."""
    action.connection.close(action.argument)


async def drop(action: Action) -> None:
    """Resets the TCP connection."""
    action.connection.drop()


async def expect_close(action: Action) -> None:
    """Fails unless the connection ends, as and when it should."""
    wanted = action.argument
    end = await _await_end(action)
    codes = wanted.get("code")
    if codes is not None and end.code not in (codes if isinstance(codes, list) else [codes]):
        action.check_lapse(None, end)
        raise action.fail(
            "the connection ended with another code",
            expected=f"close code {shown(codes)}",
            received=f"{end.how}, close code {end.code}",
            close_code=end.code,
        )
    _check_moment(action, end)
    if wanted.get("tcp"):
        try:
            await action.connection.wait_tcp_end(TCP_END + action.world.slack)
        except TimeoutError:
            raise action.timed_out(
                "the TCP connection stays open after the close",
                expected=f"the end of the TCP connection within {TCP_END:g} s",
                received="nothing",
            ) from None


async def _await_end(action: Action) -> End:
    within = action.moment("within")
    deadline = action.world.now() + action.timeout
    if within is not None:
        deadline = within[0].end + within[1] + action.world.slack
    while True:
        try:
            item = await action.connection.receive(max(0.0, deadline - action.world.now()))
        except TimeoutError:
            raise action.timed_out(
                "the connection stays open",
                expected=f"the end of the connection with {shown(action.argument)}",
                received="no close frame and no end of the TCP connection",
            ) from None
        if isinstance(item, End):
            return item
        if action.world.now() > deadline:
            raise action.timed_out(
                "the connection stays open", expected="its end", received="messages"
            )


def _check_moment(action: Action, end: End) -> None:
    early = action.moment("not_before")
    ended = action.dialogue.ended_at.get(action.connection, action.world.now())
    if early is not None and ended < early[0].start + early[1] - RESOLUTION:
        raise action.fail(
            "the connection ended too early",
            expected=f"not before {early[1]:g} s",
            received=f"its end after {ended - early[0].start:.3f} s",
            close_code=end.code,
        )


async def stall(action: Action) -> None:
    """Stops reading."""
    action.connection.stall()


async def unstall(action: Action) -> None:
    """Reads again."""
    action.connection.unstall()
