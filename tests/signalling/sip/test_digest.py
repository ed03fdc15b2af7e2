"""Digest by published vectors, and a client against a server for every algorithm and qop."""

from __future__ import annotations

import msgspec
import pytest

from app.settings.secret import Secret
from app.signalling.sip import digest_server
from app.signalling.sip.digest import Account, DigestClient, Outcome, digest_response
from app.signalling.sip.digest_server import DigestServer, Verdict
from app.signalling.sip.errors import DigestError
from app.signalling.sip.fields import Credentials
from app.signalling.sip.headers import Headers
from app.signalling.sip.message import Request, Response
from app.signalling.sip.uri import SipUri

ALICE = Account("alice", Secret("Circle of Life"))
REGISTER = Request("REGISTER", SipUri("example.com"), headers=Headers(), body=b"body")

HTTP_NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
HTTP_CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
OFFER = (
    b"v=0\r\no=bob 2890844526 2890844526 IN IP4 media.biloxi.com\r\ns=-\r\nc=IN IP4 media.biloxi.com\r\nt=0 0\r\n"
    b"m=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\nm=video 51372 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n"
    b"m=video 53000 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n"
)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_rfc_7616_section_3_9_1(algorithm: str, expected: str) -> None:
    response = digest_response(
        algorithm=algorithm,
        username="Mufasa",
        realm="http-auth@example.org",
        password="Circle of Life",
        method="GET",
        uri="/dir/index.html",
        nonce=HTTP_NONCE,
        qop="auth",
        nc="00000001",
        cnonce=HTTP_CNONCE,
    )
    assert response == expected


def test_rfc_7616_section_3_9_2_as_corrected_by_erratum_4897() -> None:
    response = digest_response(
        algorithm="SHA-512-256",
        username="Jäsøn Doe",
        realm="api@example.org",
        password="Secret, or not?",
        method="GET",
        uri="/doe.json",
        nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        qop="auth",
        nc="00000001",
        cnonce="NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
    )
    assert response == "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"


@pytest.mark.parametrize(
    ("algorithm", "qop", "expected"),
    [
        ("MD5", None, "bf57e4e0d0bffc0fbaedce64d59add5e"),
        ("MD5", "auth", "89eb0059246c02b2f6ee02c7961d5ea3"),
        ("MD5-SESS", "auth", "e4e4ea61d186d07a92c9e1f6919902e9"),
        ("MD5", "auth-int", "bdbeebb2da6adb6bca02599c2239e192"),
        ("MD5-SESS", "auth-int", "91984da2d8663716e91554859c22ca70"),
    ],
)
def test_sip_examples_of_draft_smith_sipping_auth_examples(algorithm: str, qop: str | None, expected: str) -> None:
    response = digest_response(
        algorithm=algorithm,
        username="bob",
        realm="biloxi.com",
        password="zanzibar",
        method="INVITE",
        uri="sip:bob@biloxi.com",
        nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
        qop=qop,
        nc="00000001",
        cnonce="0a4f113b",
        body=OFFER,
    )
    assert response == expected


def challenge(*values: str, status: int = 401) -> Response:
    name = "Proxy-Authenticate" if status == 407 else "WWW-Authenticate"
    return Response(status, "", headers=Headers((name, value) for value in values))


def server(*algorithms: str, qop: tuple[str, ...] = ("auth",)) -> DigestServer:
    return DigestServer("example.com", {"alice": ALICE.password}.get, algorithms, qop, nonce_lifetime=30.0)


def refuse(registrar: DigestServer, now: float, *, stale: bool = False) -> Response:
    return challenge(*map(str, registrar.challenges(now, stale=stale)))


@pytest.mark.parametrize("algorithm", ["MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256"])
@pytest.mark.parametrize("qop", [(), ("auth",), ("auth-int",), ("auth", "auth-int")])
def test_a_client_is_granted(algorithm: str, qop: tuple[str, ...]) -> None:
    registrar, client = server(algorithm, qop=qop), DigestClient(ALICE)
    assert registrar.verify(REGISTER, 0.0) == (Verdict.ABSENT, "")
    assert client.learn(refuse(registrar, 0.0), REGISTER) is Outcome.RETRY
    first = client.authorize(REGISTER)
    assert registrar.verify(first, 1.0) == (Verdict.GRANTED, "alice")
    assert registrar.verify(client.authorize(first), 2.0) == (Verdict.GRANTED, "alice")


def test_a_replay_is_stale() -> None:
    registrar, client = server("SHA-256"), DigestClient(ALICE)
    client.learn(refuse(registrar, 0.0), REGISTER)
    request = client.authorize(REGISTER)
    assert registrar.verify(request, 1.0)[0] is Verdict.GRANTED
    assert registrar.verify(request, 1.0)[0] is Verdict.STALE


def test_a_replay_is_stale_when_many_others_came_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest_server, "_NONCE_LIMIT", 2)
    registrar = server("SHA-256")
    captured = []
    for number in range(4):
        client = DigestClient(ALICE)
        client.learn(refuse(registrar, float(number)), REGISTER)
        captured.append(client.authorize(REGISTER))
        assert registrar.verify(captured[-1], number + 0.5)[0] is Verdict.GRANTED
    assert {registrar.verify(request, 5.0)[0] for request in captured} == {Verdict.STALE}
    assert registrar.verify(client.authorize(REGISTER), 5.0)[0] is Verdict.GRANTED


def test_a_nonce_of_strange_characters_is_stale() -> None:
    client = DigestClient(ALICE)
    client.learn(challenge('Digest realm="example.com", nonce="0-é-ü", qop="auth"'), REGISTER)
    assert server("MD5").verify(client.authorize(REGISTER), 0.0)[0] is Verdict.STALE


def test_a_nonce_that_is_given_again_is_counted_on() -> None:
    client, counts = DigestClient(ALICE), []
    again = challenge('Digest realm="example.com", nonce="constant", qop="auth"')
    request = REGISTER
    for _ in range(3):
        assert client.learn(again, request) is Outcome.RETRY
        client.authorize(REGISTER)
        request = client.authorize(REGISTER)
        counts.append(Credentials.parse(request.headers.get("Authorization") or "").parameter("nc"))
    assert counts == ["00000002", "00000004", "00000006"], "from anew it were a replay (RFC 7616, 3.4)"
    client.learn(again, request)
    assert client.learn(again, client.authorize(REGISTER)) is Outcome.REJECTED


def test_an_old_nonce_is_stale_and_a_stale_challenge_is_retried() -> None:
    registrar, client = server("MD5"), DigestClient(ALICE)
    client.learn(refuse(registrar, 0.0), REGISTER)
    late = client.authorize(REGISTER)
    assert registrar.verify(late, 31.0)[0] is Verdict.STALE
    assert client.learn(refuse(registrar, 31.0, stale=True), late) is Outcome.RETRY
    assert registrar.verify(client.authorize(REGISTER), 32.0)[0] is Verdict.GRANTED


def test_another_servers_nonce_is_stale() -> None:
    client = DigestClient(ALICE)
    client.learn(refuse(server("MD5"), 0.0), REGISTER)
    assert server("MD5").verify(client.authorize(REGISTER), 0.0)[0] is Verdict.STALE


@pytest.mark.parametrize("qop", [(), ("auth",)])
def test_a_wrong_password_is_denied_and_not_tried_again(qop: tuple[str, ...]) -> None:
    registrar, client = server("MD5", qop=qop), DigestClient(Account("alice", Secret("wrong")))
    assert client.learn(refuse(registrar, 0.0), REGISTER) is Outcome.RETRY
    wrong = client.authorize(REGISTER)
    assert registrar.verify(wrong, 0.0) == (Verdict.DENIED, "alice")
    assert client.learn(refuse(registrar, 0.0), wrong) is Outcome.REJECTED


@pytest.mark.parametrize("qop", [(), ("auth",)])
def test_a_used_nonce_that_is_refused_is_tried_once_more(qop: tuple[str, ...]) -> None:
    registrar, client = server("MD5", qop=qop), DigestClient(ALICE)
    client.learn(refuse(registrar, 0.0), REGISTER)
    client.authorize(REGISTER)
    second = client.authorize(REGISTER)
    assert client.learn(refuse(registrar, 0.0), second) is Outcome.RETRY


def test_an_unknown_user_is_denied() -> None:
    registrar, client = server("MD5"), DigestClient(Account("mallory", Secret("x")))
    client.learn(refuse(registrar, 0.0), REGISTER)
    assert registrar.verify(client.authorize(REGISTER), 0.0) == (Verdict.DENIED, "mallory")


@pytest.mark.parametrize(
    "change",
    [{"method": "INVITE"}, {"uri": SipUri("elsewhere.com")}, {"body": b"other"}],
    ids=["method", "uri", "body"],
)
def test_credentials_serve_one_request_only(change: dict[str, object]) -> None:
    registrar, client = server("MD5", qop=("auth-int",)), DigestClient(ALICE)
    client.learn(refuse(registrar, 0.0), REGISTER)
    stolen = msgspec.structs.replace(client.authorize(REGISTER), **change)
    assert registrar.verify(stolen, 0.0)[0] is Verdict.DENIED


def test_qop_cannot_be_left_out_where_it_is_asked_for() -> None:
    lenient, strict = server("MD5", qop=()), server("MD5")
    client = DigestClient(ALICE)
    client.learn(refuse(lenient, 0.0), REGISTER)
    assert strict.verify(client.authorize(REGISTER), 0.0)[0] is Verdict.DENIED


def test_the_strongest_challenge_is_taken() -> None:
    client = DigestClient(ALICE)
    client.learn(
        challenge(
            'Digest realm="r", nonce="n1", algorithm=MD5, qop="auth"',
            'Digest realm="r", nonce="n2", algorithm=SHA-256, qop="auth"',
            'Digest realm="r", nonce="n3", algorithm=SHA-999, qop="auth"',
            'Basic realm="r"',
        ),
        REGISTER,
    )
    (value,) = client.authorize(REGISTER).headers.get_all("Authorization")
    assert Credentials.parse(value).parameter("nonce") == "n2"


def test_credentials_repeat_what_the_challenge_wants_back() -> None:
    client = DigestClient(ALICE, lambda: "0a4f113b")
    client.learn(challenge('Digest realm="r", nonce="n", opaque="o p", algorithm=md5, qop="auth-int, auth"'), REGISTER)
    credentials = Credentials.parse(client.authorize(REGISTER).headers.single("Authorization"))
    assert credentials.parameter("opaque") == "o p"
    assert credentials.parameter("algorithm") == "md5"
    assert (credentials.parameter("qop"), credentials.parameter("nc")) == ("auth", "00000001")
    assert credentials.parameter("uri") == "sip:example.com"


def test_a_proxy_and_a_registrar_are_answered_together() -> None:
    client = DigestClient(ALICE)
    client.learn(challenge('Digest realm="p", nonce="1"', status=407), REGISTER)
    client.learn(challenge('Digest realm="r", nonce="2"'), client.authorize(REGISTER))
    both = client.authorize(client.authorize(REGISTER))
    assert len(both.headers.get_all("Proxy-Authorization")) == len(both.headers.get_all("Authorization")) == 1


@pytest.mark.parametrize(
    "value", ['Basic realm="r"', 'Digest realm="r", nonce="n", algorithm=AKAv1-MD5', 'Digest realm="r"']
)
def test_what_cannot_be_answered_says_what_to_do(value: str) -> None:
    with pytest.raises(DigestError, match="set one of these on the server"):
        DigestClient(ALICE).learn(challenge(value), REGISTER)


def test_the_password_is_not_shown() -> None:
    assert ALICE.password.reveal() not in repr(ALICE)
