"""Codes: the tables of error codes, authentication failures and close codes."""

from __future__ import annotations

from enum import IntEnum, StrEnum

__all__ = ["AuthFailure", "CloseCode", "ErrorCode", "TokenFailure"]


class ErrorCode(StrEnum):
    """Why a message was refused (ERROR-04)."""

    INVALID_JSON = "invalid_json"
    INVALID_MESSAGE = "invalid_message"
    UNKNOWN_TYPE = "unknown_type"
    UNAUTHENTICATED = "unauthenticated"
    ALREADY_AUTHENTICATED = "already_authenticated"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - the name of a code
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of a code
    ID_CONFLICT = "id_conflict"
    RATE_LIMITED = "rate_limited"
    INTERNAL_ERROR = "internal_error"


class AuthFailure(StrEnum):
    """Why an auth_response failed (AUTH-09)."""

    INVALID_RESPONSE = "invalid_response"
    AUTH_FAILED = "auth_failed"
    AUTH_TIMEOUT = "auth_timeout"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - the name of a code
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of a code


class TokenFailure(StrEnum):
    """Why a token_refresh or token_revoke failed (TOKEN-10, TOKEN-14)."""

    NOT_SUPPORTED = "not_supported"
    NOT_FOUND = "not_found"


class CloseCode(IntEnum):
    """The codes with which a server closes a connection (ERROR-08)."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_PAYLOAD = 1007
    MESSAGE_TOO_BIG = 1009
    TRY_AGAIN_LATER = 1013
    VIOLATION_LIMIT = 4400
    AUTH_FAILED = 4401
    TOKEN_REVOKED = 4403
    AUTH_TIMEOUT = 4408
    TOKEN_EXPIRED = 4410
    RATE_LIMITED = 4429
