"""Login: judging an auth_response by the method that it uses."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct, UnsetType

from reference_server.authentication import Challenge
from reference_server.codes import AuthFailure
from reference_server.messages import AuthData, Envelope, decode_auth_response
from reference_server.replay import Place
from reference_server.settings import CHALLENGE_TOKEN, HMAC_SHA256
from reference_server.shared import Shared

__all__ = ["Admitted", "Refused", "judge"]


class Admitted(Struct, frozen=True):
    """The identity of the client, its line of tokens if any, and what it wants to be replayed."""

    client_id: str
    line_id: str | None = None
    place: Place | None = None


class Refused(Struct, frozen=True):
    """Why the response failed, and which line of tokens was revoked because of it."""

    code: AuthFailure
    revoked_line: str | None = None


_TOKEN_MEMBERS = frozenset({"token"})
_HMAC_MEMBERS = frozenset({"token_id", "audience", "proof"})
_INVALID = Refused(AuthFailure.INVALID_RESPONSE)
_FAILED = Refused(AuthFailure.AUTH_FAILED)


def judge(envelope: Envelope, challenge: Challenge, shared: Shared) -> Admitted | Refused:
    """Judge an auth_response; one that fails is counted by the challenge."""
    outcome = _judge(envelope, challenge, shared)
    if isinstance(outcome, Refused):
        challenge.fail()
    return outcome


def _judge(envelope: Envelope, challenge: Challenge, shared: Shared) -> Admitted | Refused:
    """Judge an auth_response by its method."""
    response = decode_auth_response(envelope, shared.ignored | _of_others(envelope))
    # AUTH-10: refuse a wrong shape, or a method that is unknown or was not offered.
    if response is None:
        return _INVALID
    data = response.data
    # AUTH-06: take an auth_response without a method for one of method challenge_token.
    method = CHALLENGE_TOKEN if isinstance(data.method, UnsetType) else data.method
    if method not in shared.settings.offered_methods:
        return _INVALID
    return _METHODS[method](data, challenge, shared)


def _of_others(envelope: Envelope) -> frozenset[str]:
    """Return the members of other methods than that of a response (AUTH-21)."""
    data = envelope.value.get("data")
    method = data.get("method") if isinstance(data, dict) else None
    if method == HMAC_SHA256:
        return _TOKEN_MEMBERS
    return _HMAC_MEMBERS if method in (None, CHALLENGE_TOKEN) else frozenset()


def _judge_token(data: AuthData, challenge: Challenge, shared: Shared) -> Admitted | Refused:
    """Judge an echoed token (AUTH-05, AUTH-11), and find who resumes."""
    if isinstance(data.token, UnsetType):
        return _INVALID
    if not challenge.accepts(data.token):
        return _FAILED
    # RESUME-03: a resume secret that is unknown or was used leads to a fresh client_id.
    resumed = None if data.resume is None else shared.resumption.redeem(data.resume)
    return Admitted(resumed or challenge.client_id, None, _place(data))


def _judge_proof(data: AuthData, challenge: Challenge, shared: Shared) -> Admitted | Refused:
    """Judge the proof that the client holds an access token (HMAC-01)."""
    token_id, audience, proof = data.token_id, data.audience, data.proof
    # HMAC-07: refuse one whose token_id, audience or proof is missing with invalid_response.
    if isinstance(token_id, UnsetType):
        return _INVALID
    if isinstance(audience, UnsetType) or isinstance(proof, UnsetType) or shared.tokens is None:
        return _INVALID
    # HMAC-04: refuse an audience that is none of its own, though the proof be right for it.
    if audience not in shared.audiences:
        return _FAILED
    # HMAC-03: the nonce is that of this connection's challenge.
    finding = shared.tokens.prove(token_id, challenge.nonce, audience, proof)
    if finding.failure is not None:
        return Refused(finding.failure, finding.revoked_line)
    # HMAC-08: the client_id is the identity that the token was issued to.
    return Admitted(finding.identity, finding.line_id, _place(data))


def _place(data: AuthData) -> Place | None:
    """Return where the client was cut off (REPLAY-08: a last_seq of null is none)."""
    return None if data.last_seq is None else Place(int(data.last_seq), data.last_epoch)


_METHODS: dict[str, Callable[[AuthData, Challenge, Shared], Admitted | Refused]] = {
    CHALLENGE_TOKEN: _judge_token,
    HMAC_SHA256: _judge_proof,
}
