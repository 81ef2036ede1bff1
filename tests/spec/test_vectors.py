"""The test vectors, computed with Python's libraries; JavaScript computes them a second time."""

import hashlib
import hmac
import json
import re
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import rfc8785
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "spec" / "vectors"
FILES = sorted(path.name for path in VECTORS.glob("*.json"))
MEMBERS = {
    "audience.json": {"name", "url", "audience"},
    "canonical-json.json": {"name", "input", "canonical"},
    "dedup-key.json": {"name", "message_type", "message_data", "canonical", "sha256"},
    "hmac-proof.json": {
        "name", "secret", "nonce", "token_id", "audience", "message_hex", "proof",
    },
    "refresh-secret.json": {"name", "secret", "nonce", "message_hex", "new_secret"},
}  # fmt: skip
DEFAULT_PORTS = {"ws": 80, "wss": 443}


def vectors(file: str) -> list[dict[str, Any]]:
    found = json.loads((VECTORS / file).read_text("utf-8"))["vectors"]
    assert isinstance(found, list)
    return found


def each(file: str) -> pytest.MarkDecorator:
    """Return a mark that runs a test with every vector of a file."""
    return pytest.mark.parametrize("vector", vectors(file), ids=lambda vector: vector["name"])


def hmac_hex(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode("ascii"), message, hashlib.sha256).hexdigest()


def audience(url: str) -> str:
    """Return the RFC 6454 origin of a ws or wss URL, with the host in its ASCII form."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{ip_address(host)}]" if ":" in host else host.encode("idna").decode("ascii")
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def definition(name: str) -> Draft202012Validator:
    """Return the validator of a definition that needs no other."""
    schemas = ROOT / "schemas"
    files = ("credentials.json", "common.json")
    known = [json.loads((schemas / file).read_text("utf-8"))["$defs"] for file in files]
    return Draft202012Validator({**known[1], **known[0]}[name])


@each("canonical-json.json")
def test_a_json_text_has_this_canonical_form(vector: dict[str, Any]) -> None:
    assert rfc8785.dumps(json.loads(vector["input"])).decode("utf-8") == vector["canonical"]


@each("canonical-json.json")
def test_a_canonical_form_is_its_own(vector: dict[str, Any]) -> None:
    value = json.loads(vector["canonical"], parse_int=float)
    assert rfc8785.dumps(value).decode("utf-8") == vector["canonical"]


@each("dedup-key.json")
def test_a_content_has_this_canonical_form_and_this_hash(vector: dict[str, Any]) -> None:
    content = {"data": json.loads(vector["message_data"]), "type": vector["message_type"]}
    form = rfc8785.dumps(content)
    assert form.decode("utf-8") == vector["canonical"]
    assert hashlib.sha256(form).hexdigest() == vector["sha256"]


@each("hmac-proof.json")
def test_a_proof_is_the_hmac_of_four_lines(vector: dict[str, Any]) -> None:
    lines = ["coda.v1 auth", vector["nonce"], vector["token_id"], vector["audience"]]
    message = "\n".join(lines).encode("ascii")
    assert message.hex() == vector["message_hex"]
    assert hmac_hex(vector["secret"], message) == vector["proof"]


@each("refresh-secret.json")
def test_a_new_secret_is_the_hmac_of_two_lines(vector: dict[str, Any]) -> None:
    message = f"coda.v1 refresh\n{vector['nonce']}".encode("ascii")
    assert message.hex() == vector["message_hex"]
    assert hmac_hex(vector["secret"], message) == vector["new_secret"]


@each("audience.json")
def test_a_url_has_this_audience(vector: dict[str, Any]) -> None:
    assert audience(vector["url"]) == vector["audience"]
    assert audience(vector["audience"]) == vector["audience"]


@each("audience.json")
def test_an_audience_satisfies_its_schema(vector: dict[str, Any]) -> None:
    assert definition("audience").is_valid(vector["audience"])


@each("hmac-proof.json")
def test_the_parts_of_a_proof_satisfy_their_schemas(vector: dict[str, Any]) -> None:
    for name in ("audience", "nonce", "proof", "token_id"):
        assert definition(name).is_valid(vector[name]), name


@pytest.mark.parametrize("file", ["hmac-proof.json", "refresh-secret.json"])
def test_every_secret_has_the_shape_of_one(file: str) -> None:
    for vector in vectors(file):
        secrets = [vector["secret"], vector.get("new_secret", vector["secret"])]
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{43,}", secret) for secret in secrets)


def test_a_chain_of_refreshes_ends_in_a_proof() -> None:
    refreshed = {vector["new_secret"] for vector in vectors("refresh-secret.json")}
    assert refreshed & {vector["secret"] for vector in vectors("refresh-secret.json")}
    assert refreshed & {vector["secret"] for vector in vectors("hmac-proof.json")}


@pytest.mark.parametrize("file", FILES)
def test_a_file_has_six_or_more_vectors_with_names_of_their_own(file: str) -> None:
    found = vectors(file)
    assert len(found) >= 6
    assert len({vector["name"] for vector in found}) == len(found)
    assert all(vector.keys() == MEMBERS[file] for vector in found)


def test_the_readme_lists_every_file_of_vectors() -> None:
    readme = (VECTORS / "README.md").read_text("utf-8")
    assert re.findall(r"^\| \[`([a-z-]+\.json)`\]\(\1\)", readme, flags=re.MULTILINE) == [
        "canonical-json.json",
        "dedup-key.json",
        "hmac-proof.json",
        "refresh-secret.json",
        "audience.json",
    ]
    assert set(FILES) == set(MEMBERS)


def test_the_links_of_the_readme_resolve() -> None:
    readme = (VECTORS / "README.md").read_text("utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", readme):
        name, _, fragment = link.partition("#")
        text = (VECTORS / name).read_text("utf-8")
        headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
        slugs = {title.lower().replace(" ", "-") for title in headings}
        assert not fragment or f'<a id="{fragment}"></a>' in text or fragment in slugs, link


def test_the_examples_of_the_chapter_are_among_the_vectors() -> None:
    chapter = (ROOT / "spec" / "access-tokens.md").read_text("utf-8")
    proof, secret = vectors("hmac-proof.json")[0], vectors("refresh-secret.json")[0]
    for value in (proof["secret"], proof["nonce"], proof["token_id"], proof["proof"]):
        assert value in chapter
    assert bytes.fromhex(proof["message_hex"]).decode("ascii") in chapter
    assert secret["nonce"] in chapter
    assert f"kitchen-2.{secret['new_secret']}" in chapter


def test_the_audiences_that_the_chapter_shows_are_right() -> None:
    chapter = (ROOT / "spec" / "access-tokens.md").read_text("utf-8")
    shown = re.findall(r"^\| `(\w+://[^`]+)` \| `([^`]+)` \|$", chapter, flags=re.MULTILINE)
    assert len(shown) == 3
    assert all(audience(url) == expected for url, expected in shown)
