"""The TURN client against a server that is scripted: strong passwords, lies and silence, which coturn does not do."""

from __future__ import annotations

from app.media.ice import stun
from app.media.ice.stun import Address, Attribute, Class, Message, Method
from app.media.ice.turn import TurnClient
from app.settings.secret import Secret

SERVER, RELAYED, PEER = Address("192.0.2.5", 3478), Address("192.0.2.5", 50000), Address("198.51.100.9", 4000)
NONCE = b"obMatJos2AAACnonce"
ALGORITHMS = bytes.fromhex("0001000000020000")
KEY = stun.long_term_key("me", "example.org", "secret", "md5")
STRONG_KEY = stun.long_term_key("me", "example.org", "secret", "sha256")


def client() -> TurnClient:
    made = TurnClient(SERVER, "me", Secret("secret"))
    made.allocate(0)
    return made


def asked(turn: TurnClient) -> Message:
    """The one thing it says."""
    (data,) = turn.output
    turn.output.clear()
    return stun.parse(data)


def challenge(turn: TurnClient, *more: tuple[int, bytes]) -> None:
    request = asked(turn)
    attributes = ((Attribute.ERROR_CODE, stun.error_code(401, "Unauthorized")), (Attribute.REALM, b"example.org"))
    refusal = stun.build(Method.ALLOCATE, Class.ERROR, request.transaction, (*attributes, *more))
    turn.receive(stun.parse(refusal), 0)


def grant(turn: TurnClient, key: bytes | None = KEY, *, lifetime: int = 600, now: float = 0) -> Message:
    request = asked(turn)
    attributes = (
        (Attribute.XOR_RELAYED_ADDRESS, stun.xor_address(RELAYED, request.transaction)),
        (Attribute.LIFETIME, lifetime.to_bytes(4, "big")),
    )
    method = Method(request.method)
    turn.receive(stun.parse(stun.build(method, Class.SUCCESS, request.transaction, attributes, key)), now)
    return request


def test_a_server_of_today_is_answered_with_sha256() -> None:
    """RFC 8489, 9.2.4: the nonce says that the list of algorithms can be trusted."""
    turn = client()
    challenge(turn, (Attribute.NONCE, NONCE), (Attribute.PASSWORD_ALGORITHMS, ALGORITHMS))
    request = asked(turn)
    assert request.signed_by(STRONG_KEY)
    assert request.get(Attribute.MESSAGE_INTEGRITY) is None
    assert request.get(Attribute.PASSWORD_ALGORITHM) == bytes.fromhex("00020000")
    assert request.get(Attribute.PASSWORD_ALGORITHMS) == ALGORITHMS


def test_a_list_of_algorithms_without_the_cookie_is_no_promise() -> None:
    turn = client()
    challenge(turn, (Attribute.NONCE, b"nonce"), (Attribute.PASSWORD_ALGORITHMS, ALGORITHMS))
    assert asked(turn).signed_by(KEY)


def test_the_same_challenge_twice_ends_it() -> None:
    turn = client()
    challenge(turn, (Attribute.NONCE, b"nonce"))
    challenge(turn, (Attribute.NONCE, b"nonce"))
    assert turn.failed
    assert not turn.output


def test_a_success_that_the_server_did_not_sign_does_not_count() -> None:
    turn = client()
    challenge(turn, (Attribute.NONCE, b"nonce"))
    grant(turn, key=None)
    assert turn.relayed is None
    assert not turn.failed, "the true answer may still come"


def test_an_allocation_is_refreshed_and_lost() -> None:
    turn = client()
    challenge(turn, (Attribute.NONCE, b"nonce"))
    grant(turn)
    assert turn.relayed == RELAYED
    turn.wake(539)
    assert not turn.output
    turn.wake(540)
    assert grant(turn, now=540).method == Method.REFRESH
    turn.wake(1080)
    grant(turn, lifetime=0, now=1080)
    assert turn.failed
    assert turn.relayed is None


def test_a_channel_is_used_once_it_is_bound() -> None:
    turn = client()
    challenge(turn, (Attribute.NONCE, b"nonce"))
    grant(turn)
    turn.bind(PEER, 0)
    assert stun.parse(turn.wrap(PEER, b"data")).method == Method.SEND
    assert turn.channel == 0x4000, "the peer's packets may overtake the server's word"
    assert not turn.bound
    assert grant(turn).get(Attribute.CHANNEL_NUMBER) == bytes.fromhex("40000000")
    assert turn.bound
    assert turn.wrap(PEER, b"data") == bytes.fromhex("40000004") + b"data"
    assert stun.parse(turn.wrap(PEER._replace(port=5), b"data")).method == Method.SEND


def refuse(turn: TurnClient, code: int) -> None:
    request = asked(turn)
    attributes = ((Attribute.ERROR_CODE, stun.error_code(code, "No")),)
    turn.receive(stun.parse(stun.build(Method(request.method), Class.ERROR, request.transaction, attributes)), 0)


def test_a_refused_channel_makes_what_is_lent_useless() -> None:
    turn = client()
    challenge(turn, (Attribute.NONCE, b"nonce"))
    grant(turn)
    turn.bind(PEER, 0)
    refuse(turn, 508)
    assert turn.failed
    assert turn.refuses
    request = asked(turn)
    assert (request.method, request.number(Attribute.LIFETIME)) == (Method.REFRESH, 0), "it is given back"


def test_a_channel_that_nobody_answers_for_is_none() -> None:
    turn = client()
    challenge(turn, (Attribute.NONCE, b"nonce"))
    grant(turn)
    turn.bind(PEER, 0)
    for now in range(40):
        turn.wake(now)
    assert turn.failed
    assert not turn.refuses, "it may be there again"


def test_a_channel_that_is_not_renewed_is_lost() -> None:
    turn = client()
    challenge(turn, (Attribute.NONCE, b"nonce"))
    grant(turn, lifetime=3600)
    turn.bind(PEER, 0)
    grant(turn)
    turn.wake(540)
    assert turn.bound
    refuse(turn, 403)
    assert not turn.bound
    assert turn.failed


def test_who_was_a_peer_before_gets_the_same_channel() -> None:
    """The server still has it bound, and would refuse another (RFC 8656, 12.2)."""
    turn = client()
    challenge(turn, (Attribute.NONCE, b"nonce"))
    grant(turn)
    channels = []
    for peer in (PEER, PEER._replace(port=5), PEER):
        turn.bind(peer, 0)
        channels.append(turn.channel)
        grant(turn)
    assert channels == [0x4000, 0x4001, 0x4000]


def test_a_forbidden_host_forbids_no_other() -> None:
    """Servers refuse a request for permissions as a whole, and many of them forbid private addresses."""
    turn = client()
    challenge(turn, (Attribute.NONCE, b"nonce"))
    grant(turn)
    turn.permit(("10.0.0.1", PEER.host), 0)
    asked_for = [stun.parse(data).address(Attribute.XOR_PEER_ADDRESS) for data in turn.output]
    assert asked_for == [("10.0.0.1", 0), (PEER.host, 0)]


def test_a_silent_server_fails() -> None:
    turn = client()
    for now in range(40):
        turn.wake(now)
    assert turn.failed
    assert turn.deadline is None


def test_giving_back() -> None:
    turn = client()
    challenge(turn, (Attribute.NONCE, b"nonce"))
    grant(turn)
    turn.close()
    request = asked(turn)
    assert (request.method, request.number(Attribute.LIFETIME)) == (Method.REFRESH, 0)
