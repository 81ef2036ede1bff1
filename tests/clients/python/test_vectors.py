"""What the client computes, by the vectors of the specification."""

import json
from pathlib import Path
from typing import Any

import pytest

from coda_client.access_token import AccessToken
from coda_client.audience import audience, dialled
from coda_client.times import Times

VECTORS = Path(__file__).parents[3] / "spec" / "vectors"


def vectors(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((VECTORS / name).read_text("utf-8"))["vectors"]
    assert found
    return found


def names(vector: dict[str, Any]) -> str:
    return str(vector["name"])


@pytest.mark.parametrize("vector", vectors("audience.json"), ids=names)
def test_the_audience_is_the_origin_and_what_is_dialled_has_the_same(
    vector: dict[str, Any],
) -> None:
    assert audience(vector["url"]) == vector["audience"]
    assert audience(dialled(vector["url"])) == vector["audience"]


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/", "ws:///", "ws://", "localhost:8765", "ws://localhost:99999/",
        "ws://1.2.3.4.5/", "ws://256.1/", "ws://a b/", "ws://[::1/", "ws://[::g]/", "ws://./",
        "ws://%00/", "ws://a%2fb/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        audience(url)


@pytest.mark.parametrize("vector", vectors("hmac-proof.json"), ids=names)
def test_the_proof(vector: dict[str, Any]) -> None:
    token = AccessToken(vector["token_id"], vector["secret"])
    assert token.proof(vector["nonce"], vector["audience"]) == vector["proof"]


@pytest.mark.parametrize("vector", vectors("refresh-secret.json"), ids=names)
def test_the_refreshed_secret(vector: dict[str, Any]) -> None:
    new = AccessToken("kitchen-1", vector["secret"]).refreshed("kitchen-2", vector["nonce"])
    assert new == AccessToken("kitchen-2", vector["new_secret"])


@pytest.mark.parametrize("vector", vectors("back-off.json"), ids=names)
def test_the_wait_lies_between_its_bounds_and_uses_all_of_the_range(vector: dict[str, Any]) -> None:
    waits = [Times().back_off(vector["failures"], chance) for chance in (0.0, 0.5, 1.0)]
    assert waits == [vector["from"], 1.25 * vector["from"], vector["to"]]
    assert waits[0] >= vector["least"]


def test_nothing_that_prints_a_token_prints_its_secret() -> None:
    token = AccessToken.read("kitchen-1.kq7Zb0o2QmV4bWdX9sT1uC3yE5wA8rN6hJpLfGdKxYI")
    assert "kitchen-1" in f"{token}"
    assert "kq7Zb0o2" not in f"{token} {token!r} {[token]}"


@pytest.mark.parametrize("text", ["", "kitchen-1", "kitchen-1.short", f"a.b.{'x' * 43}"])
def test_what_is_no_token_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="an access token is") as caught:
        AccessToken.read(text)
    assert text == "" or text not in str(caught.value)
