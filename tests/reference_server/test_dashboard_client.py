"""The original's dashboard, as far as the wire goes, against the reference server."""

import asyncio
from typing import Any

from conformance.selftest.legacy_dashboard import Dashboard
from reference_server import ReferenceServer, Settings
from tests.reference_server.support import PATIENCE


async def test_the_original_dashboard_connects_flushes_its_queue_and_hears_events() -> None:
    commands: list[tuple[str, dict[str, Any]]] = [
        ("push_to_talk", {"duration": 5.0, "continuous": False}),
        ("stop_listening", {}),
        ("stop_speaking", {}),
        ("text_input", {"text": "What is the weather like?"}),
    ]
    async with ReferenceServer(Settings(port=0)) as server, asyncio.timeout(PATIENCE):
        server.push_event("system_info", {"assistant": "starts"})
        dashboard = Dashboard()
        heard: asyncio.Queue[Any] = asyncio.Queue()
        for kind in ("replay", "system_info", "client_message", "duplicate_message", "error"):
            dashboard.add_event_listener(kind, heard.put_nowait)
        for name, data in [*commands, commands[-1]]:
            dashboard.send_client_message(name, data)
        await dashboard.connect(server.url)
        got = [await heard.get() for _ in range(6)]
        server.push_event("system_info", {"assistant": "ready"})
        got.append(await heard.get())
        assert dashboard.state == "connected"
        socket = dashboard.socket
        assert socket is not None
        dashboard.disconnect()
        await socket.ended()
    assert got[0] is None  # a replay has no data, and the dashboard does not look into it
    assert [(item["message_type"], item["message_data"]) for item in got[1:5]] == commands
    assert got[5] == {"original_type": "client_message", "count": 2}
    assert got[6] == {"assistant": "ready"}
