"""The event catalogue and the tables of codes are complete."""

from pathlib import Path
from typing import Any

from tests.schemas.schema_files import EVENT_FILES, FILES, UNITS, unit_id

EVENT_TYPES = {
    "system_info",
    "system_error",
    "system_metrics",
    "system_status",
    "stt_start",
    "stt_interim",
    "stt_end",
    "stt_result",
    "stt_error",
    "llm_start",
    "llm_token",
    "llm_result",
    "llm_error",
    "tts_start",
    "tts_progress",
    "tts_result",
    "tts_error",
    "tts_status",
    "tts_stop",
    "memory_store",
    "memory_retrieve",
    "memory_update",
    "memory_debug_operation",
    "memory_debug_stats",
    "memory_debug_search",
    "memory_debug_reinforce",
    "memory_debug_forget",
    "memory_debug_snapshot",
    "tool_call",
    "tool_result",
    "tool_error",
    "conversation_start",
    "conversation_turn",
    "conversation_end",
    "latency_trace",
    "component_timing",
    "component_stats",
    "client_message",
}
ERROR_CODES = {
    "invalid_json",
    "invalid_message",
    "unknown_type",
    "unauthenticated",
    "already_authenticated",
    "token_expired",
    "token_revoked",
    "id_conflict",
    "rate_limited",
    "internal_error",
}
AUTH_FAILURE_CODES = {
    "invalid_response",
    "auth_failed",
    "auth_timeout",
    "token_expired",
    "token_revoked",
}
TOKEN_FAILURE_CODES = {"not_supported", "not_found"}
CLOSE_CODES = {1000, 1001, 1002, 1003, 1007, 1009, 1013, 4400, 4401, 4403, 4408, 4410, 4429}

COMMON = FILES["common.json"]["$defs"]


def data_member(message: str, member: str) -> Any:
    """Return the schema of a member of a message's data."""
    return FILES[f"{message}.json"]["properties"]["data"]["properties"][member]


def test_every_event_type_of_the_catalogue_has_a_schema_and_no_other_has() -> None:
    assert {Path(name).stem for name in EVENT_FILES} == EVENT_TYPES


def test_every_event_has_the_envelope_and_requires_its_type_and_data() -> None:
    for name in EVENT_FILES:
        assert FILES[name]["allOf"] == [{"$ref": "../event.json"}]
        assert FILES[name]["required"] == ["type", "data"]


def test_an_error_has_one_of_the_error_codes() -> None:
    assert data_member("error", "code")["$ref"] == "common.json#/$defs/error_code"
    assert set(COMMON["error_code"]["enum"]) == ERROR_CODES


def test_a_failed_auth_result_has_one_of_its_own_codes() -> None:
    assert data_member("auth_result", "code")["$ref"] == "common.json#/$defs/auth_failure_code"
    assert set(COMMON["auth_failure_code"]["enum"]) == AUTH_FAILURE_CODES


def test_a_failed_token_result_has_one_of_its_own_codes() -> None:
    assert data_member("token_result", "code")["$ref"] == "common.json#/$defs/token_failure_code"
    assert set(COMMON["token_failure_code"]["enum"]) == TOKEN_FAILURE_CODES


def test_the_close_codes_are_those_of_the_protocol() -> None:
    assert set(COMMON["close_code"]["enum"]) == CLOSE_CODES


def test_a_bounded_string_is_counted_in_code_points() -> None:
    unit = next(unit for unit in UNITS if unit_id(unit) == "common.json#/$defs/identifier")
    for value, faults in (("😀" * 128, set()), ("😀" * 129, {""})):
        assert unit.pointers(value) == faults
        assert unit.fast_pointers(value) == faults
