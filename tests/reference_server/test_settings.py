from typing import Any

import pytest

from reference_server import Settings, SettingsError


def test_every_setting_has_a_default_that_is_valid() -> None:
    assert Settings().host == "127.0.0.1"


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"port": 65536}, "port must be from 0 to 65535"),
        ({"port": True}, "port must be of type int"),
        ({"port": "8765"}, "port must be of type int"),
        ({"auth_timeout": float("nan")}, "auth_timeout must be from"),
        ({"auth_timeout": 0}, "auth_timeout must be from"),
        ({"close_timeout": 5.0}, "close_timeout must be from 0.05 to 4.5"),
        ({"allow_remote": 1}, "allow_remote must be of type bool"),
        ({"server_names": ("",)}, "server_names must hold strings that are not empty"),
        ({"host": "0.0.0.0"}, "host must be a loopback address"),
        ({"host": "example.org"}, "host must be a loopback address"),
        ({"features": ("telepathy",)}, "features must be some of tokens resume"),
        ({"features": ("replay", "replay")}, "features must be some of"),
        ({"methods": ("password",)}, "methods must be some of challenge_token hmac_sha256"),
        ({"methods": ()}, "methods must name at least one"),
        (
            {"require_tokens": True, "methods": ("challenge_token",)},
            "methods must not name challenge_token",
        ),
        ({"replay_limit": 7}, "replay_limit must be at least 8"),
        ({"rate_messages": 49}, "rate_messages must be from 50"),
        ({"max_refusals": 1}, "max_refusals must be from 2"),
        ({"dedup_capacity": 15}, "dedup_capacity must be from 16"),
        ({"max_unsent_bytes": 1 << 20}, "max_unsent_bytes must be 4096 more"),
        ({"violation_limit": 19}, "violation_limit must be from 20"),
        ({"control_port": "x"}, "control_port must be of type int"),
        ({"token_store": 7}, "token_store must be of type str"),
        ({"dedup_identity_bound": 100}, "dedup_identity_bound must not be less"),
        ({"dedup_total_bound": 100}, "dedup_total_bound must be at least twice"),
    ],
)
def test_a_value_that_cannot_work_is_refused_with_a_reason(
    wrong: dict[str, Any], text: str
) -> None:
    with pytest.raises(SettingsError, match=text):
        Settings(**wrong)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_every_spelling_of_loopback_is_accepted(host: str) -> None:
    assert Settings(host=host).host == host


def test_another_address_needs_the_operators_word() -> None:
    assert Settings(host="0.0.0.0", allow_remote=True).allow_remote


@pytest.mark.parametrize(
    ("options", "methods"),
    [
        ({}, ("challenge_token",)),
        ({"token_store": "x"}, ("hmac_sha256", "challenge_token")),
        ({"control_port": 0}, ("hmac_sha256", "challenge_token")),
        ({"require_tokens": True}, ("hmac_sha256",)),
        ({"token_store": "x", "methods": ("challenge_token",)}, ("challenge_token",)),
    ],
)
def test_methods_go_by_what_there_is_unless_they_are_named(
    options: dict[str, Any], methods: tuple[str, ...]
) -> None:
    assert Settings(**options).offered_methods == methods


def test_a_feature_whose_method_is_off_is_off() -> None:
    assert "tokens" not in Settings().offered_features
    assert "resume" not in Settings(require_tokens=True).offered_features
    assert Settings(control_port=0).offered_features == set(Settings().features)
    assert Settings(features=()).offered_features == set()
