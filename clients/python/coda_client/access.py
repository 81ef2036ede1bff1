"""Access: the access token of a client, and its refreshes."""

from coda_client.access_token import AccessToken
from coda_client.times import Times

__all__ = ["Access"]

KNOWN = 8


class Access:
    """`token` is what the client authenticates with, None if it was never given one."""

    def __init__(self, token: AccessToken | None, times: Times) -> None:
        self._times = times
        self.token = token
        self._lost: AccessToken | None = None
        self._refused: AccessToken | None = None
        self._used: AccessToken | None = None
        """The newest known token of the line of the session."""
        self._known: dict[str, AccessToken] = {}
        self._under_way: str | None = None
        self._sent: float | None = None
        self._lost_since: float | None = None
        self._due = float("inf")
        self.refusal: str | None = None
        """The code by which the server said that it refreshes nothing in this session."""

    def use(self, token: AccessToken) -> None:
        """Use another token from now on."""
        self.token = token

    @property
    def is_held(self) -> bool:
        """Whether the client was ever given a token (CLIENT-03, CLIENT-16)."""
        return self.token is not None

    @property
    def is_lost(self) -> bool:
        """Whether the newest token of the line is one that the client does not know."""
        return self.token is not None and self.token == self._lost

    @property
    def is_refused(self) -> bool:
        """Whether the server has refused this token."""
        return self.token is not None and self.token == self._refused

    @property
    def is_new(self) -> bool:
        """Whether the token is of another line than that of the last session or attempt."""
        return self.token is not None and self.token != self._used and not self.is_lost

    def asked(self) -> None:
        """The user asks for the connection: a token that was refused may be tried once more."""
        self._refused = None

    def refuse(self) -> None:
        """The server has refused the token of the session or attempt, or ended its life."""
        self._refused = self._used  # CLIENT-23

    def authenticating(self) -> AccessToken | None:
        """The token for this attempt."""
        if self.token != self._used:
            self._lost_since = None
        self._used = self.token
        return self.token

    def joined(self, expires_in: float | None, has_tokens: bool, now: float) -> None:
        """Begin a session in which the token stays valid for this many seconds."""
        self._under_way, self.refusal = None, None
        self._due = float("inf")
        if not has_tokens or self._used is None:
            return
        if self._lost_since is not None:
            self._due = now
        elif expires_in is not None:
            self._due = now + expires_in / 2  # CLIENT-72

    def ended(self) -> None:
        """The session has ended: the answer to a refresh under way is lost."""
        if self._under_way is not None and self._lost_since is None:
            self._lost_since = self._sent
        self._under_way = None
        self._due = float("inf")

    def ask(self, now: float) -> None:
        """Refresh as soon as that is allowed."""
        self._due = now

    def wants_refresh(self, now: float) -> bool:
        """Whether to send a token_refresh now."""
        return now >= self._next_refresh

    @property
    def _next_refresh(self) -> float:
        if self._under_way is not None:
            return float("inf")  # CLIENT-73
        if self._sent is None:
            return self._due
        return max(self._due, self._sent + self._times.between_refreshes)  # CLIENT-74

    def sent(self, id_: str, now: float) -> None:
        """A token_refresh with this id goes out."""
        self._under_way, self._sent = id_, now
        self._due = float("inf")

    def is_answer(self, request_id: str | None) -> bool:
        """Whether an answer with this request_id, or without one, is that to the refresh."""
        return self._under_way is not None and request_id in (None, self._under_way)

    def refreshed(
        self, token_id: str, nonce: str, expires_in: float, previous: str | None, now: float
    ) -> AccessToken | None:
        """The refresh was done; returns the new token, or None if it cannot be computed."""
        self._under_way = None
        start = self._start(previous)
        if start is None:
            self._lost, self._lost_since = self._used, None  # CLIENT-76
            return None
        new = start.refreshed(token_id, nonce)
        self._remember(start)
        self._remember(new)
        if self.token == self._used:
            self.token = new  # CLIENT-77
        self._used, self._lost_since = new, None
        self._due = now + expires_in / 2  # CLIENT-72
        return new

    def _start(self, previous: str | None) -> AccessToken | None:
        """The token that a refresh started from."""
        used = self._used
        if previous is None or (used is not None and previous == used.token_id):
            return used  # CLIENT-75
        return self._known.get(previous)

    def _remember(self, token: AccessToken) -> None:
        self._known[token.token_id] = token
        while len(self._known) > KNOWN:
            del self._known[next(iter(self._known))]

    def failed(self, code: str | None, retry_after: float | None, now: float) -> None:
        """The refresh was answered with an error or with success false: the token stays."""
        self._under_way = None  # CLIENT-79
        if code in ("not_supported", "unknown_type"):
            self.refusal = code
        else:
            self._due = now + (self._times.refresh_again if retry_after is None else retry_after)

    @property
    def _waited_since(self) -> float | None:
        if self._lost_since is not None:
            return self._lost_since
        return self._sent if self._under_way is not None else None

    def expire(self, now: float) -> bool:
        """Drop the token if its refresh has had no answer for too long; whether that was now."""
        since = self._waited_since
        if since is None or self.is_lost or now < since + self._times.lost_refresh:
            return False
        self._lost = self._used  # CLIENT-78
        self._lost_since = None
        return True

    def next_time(self) -> float:
        """The next moment at which something is due."""
        since = self._waited_since
        lost = float("inf") if since is None or self.is_lost else since + self._times.lost_refresh
        return min(lost, self._next_refresh)
