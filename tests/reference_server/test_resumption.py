from reference_server.resumption import Resumption
from tests.reference_server.support import Clock


def test_a_secret_gives_its_identity_once() -> None:
    resumption = Resumption(300.0, 10, Clock())
    secret = resumption.grant("kitchen")
    assert resumption.redeem(secret) == "kitchen"
    assert resumption.redeem(secret) is None
    assert resumption.redeem("unknown") is None


def test_a_secret_is_good_while_its_connection_lives_and_for_the_window_after_it() -> None:
    clock = Clock()
    resumption = Resumption(300.0, 10, clock)
    living, late, last = (resumption.grant(name) for name in ("living", "late", "last"))
    clock.now += 10_000
    resumption.release(late)
    resumption.release(last)
    clock.now += 299.9
    assert resumption.redeem(last) == "last"
    clock.now += 0.1
    assert resumption.redeem(late) is None
    assert resumption.redeem(living) == "living"


def test_releasing_a_used_secret_changes_nothing() -> None:
    resumption = Resumption(300.0, 1, Clock())
    secret = resumption.grant("kitchen")
    resumption.redeem(secret)
    resumption.release(secret)
    assert not resumption.is_full()


def test_it_is_full_until_a_secret_is_used_or_too_old() -> None:
    clock = Clock()
    resumption = Resumption(300.0, 1, clock)
    secret = resumption.grant("kitchen")
    assert resumption.is_full()
    resumption.release(secret)
    assert resumption.is_full()
    clock.now += 300.0
    assert not resumption.is_full()
    assert resumption.redeem(secret) is None
