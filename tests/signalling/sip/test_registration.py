"""Registering, against a registrar of raw messages in stepped time."""

from __future__ import annotations

import pytest

from app.model.signalling import LineChanged, Registration
from app.settings.secret import Secret
from app.signalling.sip.digest_server import DigestServer, Verdict
from app.signalling.sip.hop import FailureKind, Hop, TransportFailure
from app.signalling.sip.message import Request, response_to
from app.signalling.sip.registration import SILENT_AFTER, BackOff
from tests.signalling.sip.network import Network, Peer, Phone


class Bench:
    def __init__(self, expires: int = 600) -> None:
        self.network = Network()
        self.peer = Peer(self.network)
        self.phone = Phone(self.network, "10.0.0.1", self.peer.address, register=True, expires=expires)
        self.network.run(0.05)

    @property
    def register(self) -> Request:
        return self.peer.request("REGISTER")

    @property
    def attempts(self) -> int:
        return len({request.cseq.number for request in self.peer.requests("REGISTER")})

    def state(self) -> LineChanged:
        return self.phone.last(LineChanged)

    def grant(self, request: Request | None = None, expires: int = 600) -> None:
        request = request or self.register
        contact = request.contact
        assert contact is not None
        bound = str(contact.with_parameter("expires", str(expires)))
        self.peer.answer(request, 200, self.phone, headers=[("Contact", bound)])


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_binding_is_refreshed_before_it_ends(bench: Bench) -> None:
    assert bench.state().registration is Registration.TRYING
    first = bench.register
    assert str(first.uri) == "sip:10.0.0.9"
    assert first.to.uri == first.from_.uri
    assert first.contact is not None
    assert first.contact.expires == 600
    bench.grant()
    assert bench.state().registration is Registration.UP
    bench.network.run(530)
    assert bench.attempts == 1
    bench.network.run(15)
    assert bench.attempts == 2
    second = bench.register
    assert second.call_id == first.call_id
    assert second.cseq.number == first.cseq.number + 1
    assert second.from_.tag == first.from_.tag


@pytest.mark.parametrize(("granted", "earliest", "latest"), [(60, 29, 31), (120, 59, 61), (3600, 3230, 3245)])
def test_registrar_decides_how_long(granted: int, earliest: float, latest: float) -> None:
    bench = Bench(expires=7200)
    bench.grant(expires=granted)
    bench.network.run(earliest)
    assert bench.attempts == 1
    bench.network.run(latest - earliest)
    assert bench.attempts == 2


@pytest.mark.parametrize("algorithms", [("MD5",), ("SHA-256", "MD5"), ("SHA-512-256",)])
def test_registrar_with_digest_lets_us_in(bench: Bench, algorithms: tuple[str, ...]) -> None:
    server = DigestServer("pbx", {"user-1": Secret("secret")}.get, algorithms)
    challenges = [("WWW-Authenticate", str(challenge)) for challenge in server.challenges(0.0)]
    bench.peer.answer(bench.register, 401, bench.phone, headers=challenges)
    assert server.verify(bench.register, 1.0) == (Verdict.GRANTED, "user-1")
    bench.grant()
    assert bench.state().registration is Registration.UP
    bench.network.run(541)
    verdict, _ = server.verify(bench.register, 2.0)
    assert verdict is Verdict.GRANTED, "the refresh authenticates itself without being asked again"


def test_stale_nonce_is_tried_again_and_a_wrong_password_is_not(bench: Bench) -> None:
    challenge = ("WWW-Authenticate", 'Digest realm="r", nonce="n1", qop="auth"')
    bench.peer.answer(bench.register, 401, bench.phone, headers=[challenge])
    stale = ("WWW-Authenticate", 'Digest realm="r", nonce="n2", qop="auth", stale=true')
    bench.peer.answer(bench.register, 401, bench.phone, headers=[stale])
    assert bench.attempts == 3
    wrong = ("WWW-Authenticate", 'Digest realm="r", nonce="n3", qop="auth"')
    bench.peer.answer(bench.register, 401, bench.phone, headers=[wrong])
    assert bench.attempts == 3
    assert bench.state().registration is Registration.REFUSED
    assert "password" in bench.state().reason
    assert "Check" in bench.state().advice
    waits = []
    for _ in range(3):
        before, began = bench.attempts, bench.network.schedule.now
        while bench.attempts == before:
            bench.network.run(1)
        waits.append(round(bench.network.schedule.now - began))
        bench.peer.answer(bench.register, 403, bench.phone)
    assert waits == [60, 300, 300], "an account must not be locked by its own phone"


def test_server_that_challenges_for_ever_is_given_up(bench: Bench) -> None:
    for number in range(10):
        header = ("WWW-Authenticate", f'Digest realm="r{number}", nonce="n{number}", stale=true')
        bench.peer.answer(bench.register, 401, bench.phone, headers=[header])
    assert bench.attempts == 5
    assert bench.state().registration is Registration.REFUSED


def test_challenge_we_cannot_answer_is_a_refusal(bench: Bench) -> None:
    bench.peer.answer(bench.register, 401, bench.phone, headers=[("WWW-Authenticate", "Negotiate abc=def")])
    assert bench.attempts == 1
    assert bench.state().registration is Registration.REFUSED


def test_interval_too_brief(bench: Bench) -> None:
    bench.peer.answer(bench.register, 423, bench.phone, headers=[("Min-Expires", "1800")])
    contact = bench.register.contact
    assert contact is not None
    assert contact.expires == 1800
    bench.grant(expires=1800)
    assert bench.state().registration is Registration.UP


@pytest.mark.parametrize("minimum", ["600", "10", "99999999", "x"])
def test_interval_too_brief_that_makes_no_sense(bench: Bench, minimum: str) -> None:
    bench.peer.answer(bench.register, 423, bench.phone, headers=[("Min-Expires", minimum)])
    if minimum != "x":  # a malformed one counts as 3600 (RFC 3261, 20.19)
        assert bench.attempts == 1
        assert bench.state().registration is Registration.DOWN


@pytest.mark.parametrize(("status", "words"), [(403, "does not let"), (404, "does not know")])
def test_refusals_say_what_to_do(bench: Bench, status: int, words: str) -> None:
    bench.peer.answer(bench.register, status, bench.phone)
    assert bench.state().registration is Registration.REFUSED
    assert words in bench.state().reason
    assert bench.state().advice


def refuse(bench: Bench, nonce: str) -> None:
    """A registrar that never calls a nonce stale: it challenges anew, whatever was wrong with the credentials."""
    challenge = ("WWW-Authenticate", f'Digest realm="r", nonce="{nonce}", qop="auth"')
    bench.peer.answer(bench.register, 401, bench.phone, headers=[challenge])


def test_a_person_who_mended_the_pbx_need_not_wait(bench: Bench) -> None:
    refuse(bench, "n1")
    refuse(bench, "n2")
    assert bench.state().registration is Registration.REFUSED
    bench.network.run(20)
    assert bench.attempts == 2
    bench.phone.agent.registration.try_again()
    assert bench.state().registration is Registration.TRYING
    bench.network.run(0.05)
    assert bench.attempts == 3
    assert "Authorization" not in bench.register.headers, "the nonce may be too old by now"
    refuse(bench, "n3")
    bench.grant()
    assert bench.state().registration is Registration.UP


def test_a_person_who_is_impatient_locks_no_account(bench: Bench) -> None:
    answered = 0
    for _ in range(50):
        if bench.attempts > answered:
            answered = bench.attempts
            bench.peer.answer(bench.register, 403, bench.phone)
        bench.phone.agent.registration.try_again()
        bench.network.run(0.5)
    assert bench.attempts == 4, "the first, one at once, and then one each ten seconds"
    bench.network.run(10)
    bench.grant()
    bench.phone.agent.registration.try_again()
    assert bench.state().registration is Registration.UP


def test_who_is_told_nothing_can_still_be_asked_again(bench: Bench) -> None:
    bench.network.run(SILENT_AFTER + 0.1)
    bench.phone.agent.registration.try_again()
    assert bench.state().registration is Registration.DOWN, "one try is under way already"
    bench.network.run(31)
    attempts = bench.attempts
    bench.phone.agent.registration.try_again()
    bench.network.run(0.05)
    assert bench.attempts == attempts + 1


def test_silence_is_told_long_before_the_transaction_gives_up(bench: Bench) -> None:
    bench.network.run(SILENT_AFTER - 0.1)
    assert bench.state().reason == ""
    bench.network.run(0.2)
    assert bench.state().registration is Registration.DOWN
    assert bench.state().reason == "10.0.0.9 does not answer"
    bench.grant()
    assert bench.state() == LineChanged(bench.state().line, Registration.UP)


def test_silent_server_is_tried_again_ever_more_slowly(bench: Bench) -> None:
    bench.network.leave(bench.peer.address)
    bench.network.run(33)
    assert bench.state().registration is Registration.DOWN
    assert bench.state().reason == "10.0.0.9 does not answer"
    carried = bench.network.carried
    bench.network.run(3600)
    tries = (bench.network.carried - carried) / 11
    assert 10 < tries < 30
    bench.network.join(bench.peer.address, bench.peer._receive)
    before = bench.attempts
    for _ in range(340):
        bench.network.run(1)
        if bench.attempts > before:
            break
    bench.grant()
    assert bench.state().registration is Registration.UP
    assert bench.state().reason == ""


def test_busy_server_says_when_to_come_back(bench: Bench) -> None:
    bench.peer.answer(bench.register, 503, bench.phone, headers=[("Retry-After", "120")])
    bench.network.run(115)
    assert bench.attempts == 1
    bench.network.run(10)
    assert bench.attempts == 2


def test_contact_behind_a_nat_is_learnt_from_the_via(bench: Bench) -> None:
    request = bench.register
    stamped = request.top_via.with_source("198.51.100.7", 40000)
    headers = request.headers.replace_first("Via", stamped)
    bench.grant(Request("REGISTER", request.uri, headers=headers))
    assert bench.attempts == 2
    moved, old = bench.register.contacts
    assert str(moved.uri).endswith("@198.51.100.7:40000")
    assert moved.expires == 600
    assert str(old.uri).endswith("@10.0.0.1:5060")
    assert old.expires == 0
    stamped = bench.register.top_via.with_source("198.51.100.7", 40000)
    bench.grant(Request("REGISTER", request.uri, headers=bench.register.headers.replace_first("Via", stamped)))
    assert bench.attempts == 2
    assert bench.state().registration is Registration.UP
    bench.network.run(541)
    assert len(bench.register.contacts) == 1


def test_nat_that_changes_its_mind_each_time_drives_nobody_round(bench: Bench) -> None:
    for port in range(40000, 40010):
        request = bench.register
        stamped = request.top_via.with_source("198.51.100.7", port)
        bench.grant(Request("REGISTER", request.uri, headers=request.headers.replace_first("Via", stamped)))
    assert bench.attempts == 3
    assert bench.state().registration is Registration.UP


def test_closing_takes_the_binding_away(bench: Bench) -> None:
    bench.grant()
    closed: list[bool] = []
    bench.phone.agent.close(lambda: closed.append(True))
    bench.network.run(0.05)
    contact = bench.register.contact
    assert contact is not None
    assert contact.expires == 0
    assert not closed
    bench.peer.answer(bench.register, 200, bench.phone)
    assert closed
    assert bench.state().registration is Registration.DOWN
    bench.network.run(4000)
    assert bench.attempts == 2


def test_closing_without_a_server_ends_too(bench: Bench) -> None:
    bench.grant()
    bench.network.leave(bench.peer.address)
    closed: list[bool] = []
    bench.phone.agent.close(lambda: closed.append(True))
    bench.network.run(33)
    assert closed


def test_lost_connection_binds_again_at_once(bench: Bench) -> None:
    bench.grant()
    bench.phone.agent.connection_lost(Hop(bench.phone.agent.endpoint.config.transport, "10.0.0.9", 5060))
    bench.network.run(0.05)
    assert bench.attempts == 2
    bench.phone.agent.connection_lost(Hop(bench.phone.agent.endpoint.config.transport, "10.0.0.66", 5060))
    bench.network.run(0.05)
    assert bench.attempts == 2


def test_no_route_says_so_and_recovers(bench: Bench) -> None:
    bench.network.leave(bench.peer.address)
    bench.network.run(33)
    bench.phone.agent.no_route(TransportFailure(FailureKind.NO_NETWORK))
    assert bench.state().reason == "There is no network"
    bench.network.join(bench.peer.address, bench.peer._receive)
    bench.network.run(1000)
    before = bench.attempts
    bench.phone.agent.route_found(("10.0.0.1", 5060), frozenset({"10.0.0.9"}))
    bench.network.run(0.05)
    assert bench.attempts == before + 1
    bench.grant()
    assert bench.state().registration is Registration.UP


def test_name_server_that_fails_takes_no_binding_away(bench: Bench) -> None:
    bench.grant()
    bench.phone.agent.no_route(TransportFailure(FailureKind.NAME_UNKNOWN))
    assert bench.state().registration is Registration.UP


def test_new_address_of_ours_is_bound_in_place_of_the_old(bench: Bench) -> None:
    bench.grant()
    bench.phone.agent.route_found(("10.0.0.1", 5070), frozenset({"10.0.0.9"}))
    bench.network.run(0.05)
    assert [str(contact.uri)[-5:] for contact in bench.register.contacts] == [":5070", ":5060"]


def test_waiting_times_grow_within_bounds() -> None:
    back_off = BackOff(base=4, longest=300)
    assert [back_off.wait(n, 1.0) for n in (1, 2, 3, 10, 1000)] == [8, 16, 32, 300, 300]
    assert back_off.wait(1, 0.0) == 4


def test_reason_that_is_no_text_can_be_shown_all_the_same(bench: Bench) -> None:
    refusal = response_to(bench.register, 500, "busy").encode().replace(b"busy", b"\xff\xfe busy")
    bench.peer.send(refusal, bench.phone)
    assert "busy" in bench.state().reason
    bench.state().reason.encode()
