"""Waiting messages (RFC 3842): asked for, told unasked, and read from text."""

from __future__ import annotations

import pytest

from app.model.services import Messages
from app.model.signalling import MessageWaiting
from app.signalling.sip.message import Request
from app.signalling.sip.message_summary import SUMMARY, SummaryError, parse_summary
from tests.signalling.sip.network import Network, Peer, Phone

TWO = b"Messages-Waiting: yes\r\nMessage-Account: sip:*97@10.0.0.9\r\nVoice-Message: 2/8 (1/0)\r\n"
NONE = b"Messages-Waiting: no\r\n"
MANY = Messages(waiting=True, new=2, old=8, urgent=1, number="*97")


class Bench:
    """A line that is asked what waits, at a peer that keeps the mailbox."""

    def __init__(self) -> None:
        self.network = Network()
        self.peer = Peer(self.network)
        self.phone = Phone(self.network, "10.0.0.1", self.peer.address)
        self.cseq = 0
        self.ask()

    def ask(self) -> None:
        self.phone.agent.interrogate()
        self.network.run(0.05)

    def asked(self) -> list[Request]:
        """Each SUBSCRIBE that is one of its own."""
        return list({(each.call_id, each.cseq.number): each for each in self.peer.requests("SUBSCRIBE")}.values())

    def answer(self, status: int = 202, *headers: tuple[str, str]) -> Request:
        request = self.asked()[-1]
        self.peer.answer(request, status, self.phone, tag="box", headers=headers)
        return request

    def tell(
        self, body: bytes, state: str = "active;expires=600", *, event: str = "message-summary", unasked: bool = False
    ) -> None:
        self.cseq += 1
        subscription = self.asked()[-1]
        headers = [("Event", event), ("Subscription-State", state), ("Content-Type", SUMMARY)]
        self.peer.invite(
            self.phone,
            method="NOTIFY",
            cseq=self.cseq,
            branch=f"z9hG4bKn{self.cseq}",
            call_id="unasked" if unasked else subscription.call_id,
            to_tag="" if unasked else subscription.from_.tag or "",
            headers=headers,
            body=body,
        )

    @property
    def told(self) -> list[Messages]:
        return [event.messages for event in self.phone.of(MessageWaiting)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_we_ask_for_our_own_mailbox(bench: Bench) -> None:
    request = bench.answer()
    assert str(request.uri) == "sip:user-1@10.0.0.9"
    assert request.headers.single("Event") == "message-summary"
    assert request.headers.single("Accept") == SUMMARY
    bench.tell(TWO)
    bench.tell(TWO)
    bench.tell(NONE)
    assert bench.told == [MANY, Messages()]
    assert len(bench.peer.responses(200)) == 3


def test_the_first_word_may_overtake_the_answer(bench: Bench) -> None:
    bench.tell(TWO)
    bench.answer()
    assert bench.told == [MANY]


def test_the_subscription_is_renewed_in_its_dialog(bench: Bench) -> None:
    first = bench.answer(202, ("Expires", "600"))
    bench.network.run(545)
    second = bench.answer()
    assert (second.call_id, second.to.tag) == (first.call_id, "box")
    assert second.cseq.number > first.cseq.number


def test_a_subscription_that_was_forgotten_is_begun_anew(bench: Bench) -> None:
    first = bench.answer()
    bench.ask()
    bench.answer(481)
    second = bench.asked()[-1]
    assert second.call_id != first.call_id
    assert second.to.tag is None


@pytest.mark.parametrize("status", [403, 404, 405, 489, 501])
def test_who_keeps_no_mailbox_is_left_in_peace(bench: Bench, status: int) -> None:
    bench.answer(status)
    bench.network.run(10_000)
    assert len(bench.asked()) == 1
    bench.ask()
    assert len(bench.asked()) == 2


@pytest.mark.parametrize("status", [480, 503])
def test_who_is_not_able_now_is_asked_later(bench: Bench, status: int) -> None:
    bench.answer(status)
    bench.network.run(290)
    assert len(bench.asked()) == 1
    bench.network.run(20)
    assert len(bench.asked()) == 2


@pytest.mark.parametrize(("why", "asked"), [("deactivated", 2), ("rejected", 1)])
def test_a_subscription_that_is_taken_from_us(bench: Bench, why: str, asked: int) -> None:
    bench.answer()
    bench.tell(b"", f"terminated;reason={why}")
    bench.network.run(100)
    assert len(bench.asked()) == asked


def test_our_server_may_tell_unasked(bench: Bench) -> None:
    bench.answer(489)
    bench.tell(TWO, unasked=True)
    assert bench.told == [MANY]


def test_strangers_may_not(bench: Bench) -> None:
    bench.answer(489)
    stranger = Peer(bench.network, "10.0.0.66")
    request = bench.asked()[-1]
    contact = request.headers.single("Contact").strip("<>")
    headers = [("Event", "message-summary"), ("Content-Type", SUMMARY)]
    stranger.invite(bench.phone, method="NOTIFY", uri=contact, headers=headers, body=TWO)
    assert stranger.response(481)
    stranger.invite(
        bench.phone, method="NOTIFY", uri=contact, headers=headers, body=TWO, to_tag="guess", branch="z9hG4bK9"
    )
    assert len(stranger.responses(481)) == 2
    assert not bench.told


def test_what_is_late_is_not_believed(bench: Bench) -> None:
    bench.answer()
    bench.tell(TWO)
    bench.cseq -= 1
    bench.tell(NONE)
    assert bench.told == [MANY]


@pytest.mark.parametrize(("body", "event", "status"), [(b"nothing", "message-summary", 400), (TWO, "presence", 489)])
def test_what_cannot_be_read_is_refused(bench: Bench, body: bytes, event: str, status: int) -> None:
    bench.answer()
    bench.tell(body, event=event)
    assert bench.peer.response(status).cseq.method == "NOTIFY"
    assert not bench.told


def test_the_line_that_goes_takes_its_subscription_back(bench: Bench) -> None:
    bench.answer()
    bench.phone.agent.close(lambda: None)
    bench.network.run(0.05)
    assert bench.asked()[-1].headers.single("Expires") == "0"


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        (TWO, MANY),
        (b"messages-waiting : YES\nvoice-message: 4/0", Messages(waiting=True, new=4)),
        (b"Messages-Waiting: yes\r\n", Messages(waiting=True)),
        (b"Messages-Waiting: yes\r\nVoice-Message: many\r\n", Messages(waiting=True)),
        (
            b"Messages-Waiting: no\r\nMessage-Account: sip:box@mail.example:5070\r\n",
            Messages(number="box@mail.example:5070"),
        ),
        (b"Messages-Waiting: no\r\nMessage-Account: <tel:+4970317300>\r\n", Messages(number="+4970317300")),
        (b"Messages-Waiting: no\r\nMessage-Account: sip:\r\n", Messages()),
        (b"Messages-Waiting: yes\r\nMessages-Waiting: no\r\n", Messages(waiting=True)),
    ],
)
def test_summaries(body: bytes, messages: Messages) -> None:
    assert parse_summary(body, "10.0.0.9") == messages


@pytest.mark.parametrize("body", [b"", b"Voice-Message: 1/1\r\n", b"Messages-Waiting: perhaps\r\n", b"\xff" * 9000])
def test_no_summaries(body: bytes) -> None:
    with pytest.raises(SummaryError):
        parse_summary(body, "10.0.0.9")


def test_nobody_is_asked_where_the_settings_say_so() -> None:
    network = Network()
    peer = Peer(network)
    phone = Phone(network, "10.0.0.1", peer.address, messages=False)
    phone.agent.interrogate()
    network.run(0.05)
    assert not peer.received
