"""A crowd: other clients of a right server, who speak between any two messages to the kit."""

from typing import Final

import pytest

from reference_server.events import EventStream, Subscription

FOREIGN: Final = {
    "client_id": "client-of-the-crowd",
    "message_type": "foreign",
    "message_data": {"words": "of another client"},
}


class Crowd(EventStream):
    """A stream of events in which the crowd speaks after every other event."""

    spoken = 0
    voices = 1

    def append(self, event_type: str, data: object, *, retain: bool = False) -> int:
        """Send an event, and one of the crowd's behind it."""
        number = super().append(event_type, data, retain=retain)
        self.speak()
        return number

    def speak(self) -> None:
        """Send an event of each voice of the crowd's."""
        for _ in range(Crowd.voices):
            Crowd.spoken += 1
            super().append("client_message", FOREIGN)


def gather(monkeypatch: pytest.MonkeyPatch, voices: int = 1) -> type[Crowd]:
    """Let a crowd speak on the reference servers of this process, and before every answer."""
    answer = Subscription.send

    def send(subscription: Subscription, data: bytes) -> None:
        stream = subscription._stream
        assert isinstance(stream, Crowd)
        stream.speak()
        answer(subscription, data)

    monkeypatch.setattr(Subscription, "send", send)
    monkeypatch.setattr("reference_server.server.EventStream", Crowd)
    monkeypatch.setattr(Crowd, "spoken", 0)
    monkeypatch.setattr(Crowd, "voices", voices)
    return Crowd
