"""The role of a target in what is said about it: reports of clients call it the client."""

from typing import Final

SERVER: Final = "server"


def told(text: str, role: str) -> str:
    """Return a text that is written for servers as it is for the role that was judged."""
    if role == SERVER:
        return text
    return text.replace(SERVER, role).replace(SERVER.title(), role.title())
