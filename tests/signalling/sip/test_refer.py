"""Transfers inside a call (RFC 3515), against a peer of raw messages: asked for by us, and by the far end."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from app.model.cause import Cause
from app.model.ids import LegId
from app.model.signalling import CallOptions, Released, TransferRequested, TransferResult
from app.signalling.sip.errors import HeaderError
from app.signalling.sip.message import Request
from app.signalling.sip.refer import Progress
from app.signalling.sip.replaces import Replaces
from tests.signalling.sip.answered import AnsweredCall
from tests.signalling.sip.network import Network, Peer, Phone, description

SIPFRAG = ("Content-Type", "message/sipfrag;version=2.0")


class Bench(AnsweredCall):
    """Transfers asked for in it, by the peer or by us."""

    def refers_to(self, text: str, *headers: tuple[str, str]) -> None:
        """The far end asks us to call somebody."""
        self.ask("REFER", headers=(("Refer-To", text), *headers))

    def setup(self) -> Request:
        """The call that the far end has asked for is made."""
        wanted = self.phone.last(TransferRequested)
        self.phone.agent.setup(
            LegId("new"), wanted.number, description(self.phone.address, 7100), CallOptions(referred=wanted.leg)
        )
        self.network.run(0.05)
        return self.peer.request("INVITE")

    def told(self) -> list[tuple[bytes, str]]:
        """What our NOTIFYs said, each once."""
        found = {request.cseq.number: request for request in self.peer.requests("NOTIFY")}
        return [
            (each.body.split(b" ", 2)[1], (each.headers.get("Subscription-State") or "").partition(";")[0])
            for each in found.values()
        ]

    def transfers(self, number: str = "29", status: int = 202, *headers: tuple[str, str]) -> Request:
        """We ask the far end to call somebody, and hear what it says to that."""
        self.phone.agent.transfer(self.leg, number)
        self.network.run(0.05)
        request = self.peer.request("REFER")
        self.peer.answer(request, status, self.phone, headers=headers)
        return request

    def tells(self, body: bytes, state: str = "active;expires=60", event: str = "refer") -> None:
        headers = (("Event", event), ("Subscription-State", state), SIPFRAG)
        self.ask("NOTIFY", headers=headers, body=body)

    @property
    def results(self) -> list[TransferResult]:
        return self.phone.of(TransferResult)


@pytest.fixture
def bench() -> Bench:
    return Bench()


# --- asked for by us ----------------------------------------------------------------------------------------


def test_we_ask_for_a_number_of_our_domain(bench: Bench) -> None:
    request = bench.transfers()
    assert request.headers.single("Refer-To") == "<sip:29@10.0.0.9>"
    assert request.headers.single("Referred-By") == "<sip:user-1@10.0.0.9>"
    assert not bench.results
    bench.tells(b"SIP/2.0 180 Ringing\r\n")
    assert not bench.results
    bench.tells(b"SIP/2.0 200 OK\r\n", "terminated;reason=noresource")
    assert bench.results == [TransferResult(bench.leg)]
    assert len(bench.peer.responses(200)) == 2


def test_the_far_end_may_refuse(bench: Bench) -> None:
    bench.transfers("29", 603)
    assert bench.results == [TransferResult(bench.leg, Cause.CALL_REJECTED)]
    bench.tells(b"SIP/2.0 200 OK\r\n", "terminated")
    assert len(bench.results) == 1


def test_nobody_answers_where_it_calls(bench: Bench) -> None:
    bench.transfers()
    bench.tells(b"SIP/2.0 486 Busy Here\r\n", "terminated;reason=noresource")
    assert bench.results == [TransferResult(bench.leg, Cause.USER_BUSY)]


def test_silence_is_a_refusal(bench: Bench) -> None:
    bench.phone.agent.transfer(bench.leg, "29")
    bench.network.run(40)
    assert [result.cause for result in bench.results] == [Cause.RECOVERY_ON_TIMER_EXPIRY]


@pytest.mark.parametrize(
    ("state", "cause"), [("terminated;reason=noresource", None), ("terminated;reason=rejected", Cause.CALL_REJECTED)]
)
def test_who_tells_no_more_goes_on_by_himself_unless_he_refuses(bench: Bench, state: str, cause: Cause | None) -> None:
    bench.transfers()
    bench.tells(b"SIP/2.0 100 Trying\r\n", state)
    assert bench.results == [TransferResult(bench.leg, cause)]


def test_who_tells_nothing_has_taken_it(bench: Bench) -> None:
    bench.transfers("29", 202, ("Refer-Sub", "false"))
    assert bench.results == [TransferResult(bench.leg)]


def test_who_hangs_up_after_taking_it_has_gone_there(bench: Bench) -> None:
    bench.transfers()
    bench.ask("BYE")
    assert bench.results == [TransferResult(bench.leg)]
    assert bench.phone.released.leg == bench.leg


def test_words_of_an_earlier_wish_do_not_count_for_the_next(bench: Bench) -> None:
    first = bench.transfers("29")
    bench.tells(b"SIP/2.0 100 Trying\r\n")
    second = bench.transfers("30")
    bench.tells(b"SIP/2.0 486 Busy Here\r\n", "terminated", event=f"refer;id={first.cseq.number}")
    assert bench.peer.responses(200)[-1].cseq.number == bench.cseq
    assert not bench.results
    bench.tells(b"SIP/2.0 503 No\r\n", "terminated", event="refer;id=other")
    assert bench.peer.response(481).cseq.method == "NOTIFY"
    bench.tells(b"SIP/2.0 200 OK\r\n", "terminated", event=f"refer;id={second.cseq.number}")
    assert bench.results == [TransferResult(bench.leg)]


def test_words_without_a_name_are_of_the_earliest_wish_that_runs(bench: Bench) -> None:
    bench.transfers("29")
    bench.transfers("30")
    bench.tells(b"SIP/2.0 486 Busy Here\r\n", "terminated")
    assert not bench.results
    bench.tells(b"SIP/2.0 404 Not Found\r\n", "terminated")
    assert bench.results == [TransferResult(bench.leg, Cause.UNALLOCATED_NUMBER)]


@pytest.mark.parametrize("status", [b"200 OK", b"486 Busy Here"])
def test_of_a_wish_that_was_taken_back_only_that_it_was_fulfilled_counts(bench: Bench, status: bytes) -> None:
    bench.transfers()
    bench.phone.agent.cancel_transfer(bench.leg)
    bench.tells(b"SIP/2.0 " + status + b"\r\n", "terminated")
    assert bench.results == ([TransferResult(bench.leg, withdrawn=True)] if status.startswith(b"2") else [])


def test_who_hangs_up_after_it_was_taken_back_has_only_hung_up(bench: Bench) -> None:
    bench.transfers()
    bench.tells(b"SIP/2.0 100 Trying\r\n")
    bench.phone.agent.cancel_transfer(bench.leg)
    bench.ask("BYE")
    assert not bench.results
    assert bench.phone.released.leg == bench.leg


def test_a_notify_that_nobody_waits_for(bench: Bench) -> None:
    bench.tells(b"SIP/2.0 200 OK\r\n")
    assert bench.peer.response(481).cseq.method == "NOTIFY"
    bench.tells(b"", event="presence")
    assert bench.peer.response(489).headers.single("Allow-Events")
    assert not bench.results


def test_two_far_ends_are_brought_together(bench: Bench) -> None:
    bench.phone.call("consultation", "29")
    bench.network.run(0.05)
    invite = bench.peer.request("INVITE")
    bench.peer.answer(invite, 200, bench.phone, tag="there", sdp=description())
    bench.phone.agent.join(bench.leg, LegId("consultation"))
    bench.network.run(0.05)
    refer = bench.peer.request("REFER")
    assert refer.call_id == "call-1"
    target, _, replaces = refer.headers.single("Refer-To").strip("<>").partition("?Replaces=")
    assert target == "sip:29@10.0.0.9"
    assert Replaces.parse(unquote(replaces)) == Replaces(invite.call_id, "there", invite.from_.tag or "")


def test_nobody_is_sent_to_a_call_that_only_rings(bench: Bench) -> None:
    bench.phone.call("consultation", "29")
    bench.network.run(0.05)
    bench.phone.agent.join(bench.leg, LegId("consultation"))
    assert bench.results == [TransferResult(bench.leg, Cause.FACILITY_REJECTED)]


# --- asked for by the far end ---------------------------------------------------------------------------------


def test_we_call_whom_the_far_end_names(bench: Bench) -> None:
    bench.refers_to("<sip:29@10.0.0.9>", ("Referred-By", "<sip:boss@10.0.0.9>"))
    assert bench.peer.response(202)
    wanted = bench.phone.last(TransferRequested)
    assert (wanted.leg, wanted.number, wanted.party.number) == (bench.leg, "sip:29@10.0.0.9", "29")
    invite = bench.setup()
    assert str(invite.uri) == "sip:29@10.0.0.9"
    assert invite.headers.single("Referred-By") == "<sip:boss@10.0.0.9>"
    bench.peer.answer(invite, 180, bench.phone)
    bench.peer.answer(invite, 200, bench.phone, sdp=description())
    assert bench.told() == [(b"100", "active"), (b"180", "active"), (b"200", "terminated")]


def test_who_is_named_may_refuse(bench: Bench) -> None:
    bench.refers_to("<sip:29@10.0.0.9>")
    invite = bench.setup()
    bench.peer.answer(invite, 486, bench.phone)
    assert bench.told()[-1] == (b"486", "terminated")
    assert bench.phone.of(Released) == [Released(LegId("new"), Cause.USER_BUSY, "Busy Here")]


def test_we_take_the_place_of_who_names_somebody(bench: Bench) -> None:
    bench.refers_to("<sip:29@10.0.0.9?Replaces=abc%40x%3Bto-tag%3D1%3Bfrom-tag%3D2>")
    invite = bench.setup()
    assert str(invite.uri) == "sip:29@10.0.0.9"
    assert invite.headers.single("Replaces") == "abc@x;to-tag=1;from-tag=2"


def test_we_take_the_place_of_who_is_named_by_somebody_that_hangs_up_before_our_offer_is_ready(bench: Bench) -> None:
    bench.refers_to(
        "<sip:29@10.0.0.9?Replaces=abc%40x%3Bto-tag%3D1%3Bfrom-tag%3D2>", ("Referred-By", "<sip:boss@10.0.0.9>")
    )
    bench.ask("BYE")
    assert bench.phone.released.leg == bench.leg
    invite = bench.setup()
    assert invite.headers.single("Replaces") == "abc@x;to-tag=1;from-tag=2"
    assert invite.headers.single("Referred-By") == "<sip:boss@10.0.0.9>"
    bench.peer.answer(invite, 486, bench.phone)
    assert bench.phone.released == Released(LegId("new"), Cause.USER_BUSY, "Busy Here")


def test_a_call_that_nobody_makes_is_told_of(bench: Bench) -> None:
    bench.refers_to("<sip:29@10.0.0.9>")
    bench.network.run(11)
    assert bench.told() == [(b"100", "active"), (b"603", "terminated")]


def test_one_referral_at_a_time(bench: Bench) -> None:
    bench.refers_to("<sip:29@10.0.0.9>")
    bench.refers_to("<sip:30@10.0.0.9>")
    assert bench.peer.response(491)
    assert len(bench.phone.of(TransferRequested)) == 1
    bench.network.run(11)
    bench.refers_to("<sip:30@10.0.0.9>")
    assert len(bench.phone.of(TransferRequested)) == 2
    assert bench.peer.requests("NOTIFY")[-1].headers.single("Event") == f"refer;id={bench.cseq}"


def test_who_does_not_want_to_know_is_told_nothing(bench: Bench) -> None:
    bench.refers_to("<sip:29@10.0.0.9>", ("Refer-Sub", "false"), ("Require", "norefersub"))
    assert bench.peer.response(202).headers.single("Refer-Sub") == "false"
    bench.peer.answer(bench.setup(), 200, bench.phone, sdp=description())
    assert not bench.told()


def test_one_referral_at_a_time_of_who_does_not_want_to_know(bench: Bench) -> None:
    quiet = ("Refer-Sub", "false")
    bench.refers_to("<sip:29@10.0.0.9>", quiet)
    bench.refers_to("<sip:30@10.0.0.9>", quiet)
    assert bench.peer.response(491)
    invite = bench.setup()
    assert str(invite.uri) == "sip:29@10.0.0.9"
    bench.peer.answer(invite, 486, bench.phone)
    bench.refers_to("<sip:30@10.0.0.9>", quiet)
    assert bench.phone.last(TransferRequested).number == "sip:30@10.0.0.9"
    bench.network.run(11)  # nobody calls 30
    bench.refers_to("<sip:31@10.0.0.9>", quiet)
    assert bench.phone.last(TransferRequested).number == "sip:31@10.0.0.9"
    assert not bench.told()


def test_a_referral_that_does_not_come_by_our_server_is_refused(bench: Bench) -> None:
    stranger = Peer(bench.network, "203.0.113.66")
    refer_to = [("Refer-To", "<sip:29@10.0.0.9>")]
    stranger.invite(bench.phone, method="REFER", cseq=2, branch="z9hG4bKno", to_tag=bench.tag, headers=refer_to)
    assert stranger.response(403).cseq.method == "REFER"
    assert not bench.phone.of(TransferRequested)


@pytest.mark.parametrize(
    ("refer_to", "status"),
    [
        ("", 400),
        ("<sip:>", 400),
        ("<sip:29@10.0.0.9?Replaces=abc>", 400),
        ("<http://pbx.example/>", 416),
        ("<sip:29@10.0.0.9;method=BYE>", 603),
    ],
)
def test_what_cannot_be_followed_is_refused(bench: Bench, refer_to: str, status: int) -> None:
    bench.refers_to(refer_to)
    assert bench.peer.response(status).cseq.method == "REFER"
    assert not bench.phone.of(TransferRequested)
    assert not bench.phone.of(Released)


def test_strangers_refer_us_to_nobody(bench: Bench) -> None:
    bench.peer.invite(
        bench.phone, method="REFER", call_id="no-call", branch="z9hG4bKno", headers=[("Refer-To", "<sip:29@10.0.0.9>")]
    )
    assert bench.peer.response(403).cseq.method == "REFER"
    assert not bench.phone.of(TransferRequested)


def test_a_ringing_call_is_not_passed_on() -> None:
    network = Network()
    peer = Peer(network)
    phone = Phone(network, "10.0.0.1", peer.address)
    peer.invite(phone, sdp=description())
    phone.agent.alert(phone.incoming)
    network.run(0.05)
    tag = peer.response(180).to.tag or ""
    refer_to = [("Refer-To", "<sip:29@10.0.0.9>")]
    peer.invite(phone, method="REFER", cseq=2, branch="z9hG4bK2", to_tag=tag, headers=refer_to)
    assert peer.response(491)
    assert not phone.of(TransferRequested)


# --- progress as text -------------------------------------------------------------------------------------------


def notify(body: bytes, *headers: tuple[str, str]) -> Request:
    network = Network()
    return Peer(network).invite(Phone(network, "10.0.0.1", "10.0.0.9"), method="NOTIFY", body=body, headers=headers)


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"SIP/2.0 200 OK", 200, "OK"),
        (b"SIP/2.0 404 Not Found\r\nVia: x\r\n", 404, "Not Found"),
        (b"SIP/2.0 180\r\n", 180, ""),
        (b"SIP/2.0 999 No\r\n", 0, ""),
        (b"HTTP/1.1 200 OK\r\n", 0, ""),
        (b"", 0, ""),
    ],
)
def test_the_first_line_of_a_fragment(body: bytes, status: int, reason: str) -> None:
    assert Progress.parse(notify(body, SIPFRAG)) == Progress(status, reason)


def test_a_fragment_of_another_kind_says_nothing() -> None:
    assert Progress.parse(notify(b"SIP/2.0 200 OK\r\n", ("Content-Type", "text/plain"))) == Progress()


def test_a_state_that_cannot_be_read() -> None:
    with pytest.raises(HeaderError):
        Progress.parse(notify(b"", ("Subscription-State", "terminated;=")))
