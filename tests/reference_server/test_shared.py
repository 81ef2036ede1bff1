import pytest

from reference_server import Settings
from reference_server.clock import Clock
from reference_server.shared import Shared


@pytest.mark.parametrize(
    ("features", "methods", "ignored"),
    [
        (("resume", "replay"), ("challenge_token", "hmac_sha256"), set()),
        (("replay",), ("challenge_token",), {"resume", "token_id", "audience", "proof"}),
        (("resume",), ("hmac_sha256",), {"resume", "last_seq", "last_epoch"}),
    ],
)
def test_members_that_only_an_absent_feature_knows_are_ignored(
    features: tuple[str, ...], methods: tuple[str, ...], ignored: set[str]
) -> None:
    shared = Shared(Settings(features=features, methods=methods), Clock())
    assert shared.ignored == ignored


def test_the_features_are_promised_in_the_order_in_which_they_were_named() -> None:
    shared = Shared(Settings(features=("limits", "tokens", "replay")), Clock())
    assert shared.promises["features"] == ["limits", "replay"]
    assert shared.promises["violation_limit"] == 100


def test_without_limits_no_rate_is_kept_and_none_promised() -> None:
    shared = Shared(Settings(features=()), Clock())
    assert shared.rates is None
    assert not {"rate_limit", "violation_limit"} & set(shared.promises)
