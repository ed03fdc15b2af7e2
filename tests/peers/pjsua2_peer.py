"""PJSIP through pjsua2-python, in a process of its own.

Three traps of its SWIG binding are kept away from here: a list read from a temporary (`call.getInfo().media`) is
freed while it is iterated, so each level gets a name; a `Call` that Python collects after its end aborts the
process, so all are kept; and the library must be destroyed before the interpreter takes its objects apart.
"""

from __future__ import annotations

import os
from typing import Any

import pjsua2 as pj

from tests.peers.peer import AudioCodec, EventKind, Transport
from tests.peers.worker import Arguments, Line, WorkerPeer, serve, start_spinning, words

_CODECS = {"PCMU": "PCMU/8000/1", "PCMA": "PCMA/8000/1", "G722": "G722/16000/1"}


def _with_defaults() -> Any:
    return pj.CallOpParam(True)  # noqa: FBT003 - SWIG takes no keywords


class Pjsua2Peer(WorkerPeer):
    """A pjsua2 endpoint: null sound device, no voice activity detection, no echo control."""

    name = "pjsua2"
    transports = frozenset(Transport)
    codecs = frozenset({AudioCodec.PCMU, AudioCodec.PCMA, AudioCodec.G722})
    module = "tests.peers.pjsua2_peer"


class _Call(pj.Call):  # type: ignore[misc]  # pjsua2 has no types
    def __init__(self, worker: _Worker, call_id: int = pj.PJSUA_INVALID_ID) -> None:
        super().__init__(worker.account, call_id)
        self.worker = worker
        self.keep: list[Any] = []
        self.remote_held = False

    def onCallState(self, prm: Any) -> None:  # noqa: N802 - the library names it
        info = self.getInfo()
        line = self.worker.line
        if info.state == pj.PJSIP_INV_STATE_EARLY and info.role == pj.PJSIP_ROLE_UAC:
            line.event(EventKind.RINGING if info.lastStatusCode == 180 else EventKind.PROGRESS)
        elif info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            line.event(EventKind.ESTABLISHED, info.remoteUri)
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            line.event(EventKind.CLOSED, f"{info.lastStatusCode} {info.lastReason}")

    def onCallMediaState(self, prm: Any) -> None:  # noqa: N802
        info = self.getInfo()
        media = info.media
        for index in range(len(media)):
            item = media[index]
            if item.type != pj.PJMEDIA_TYPE_AUDIO:
                continue
            if item.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                self._connect(self.getAudioMedia(index))
            self._tell_hold(held=item.status == pj.PJSUA_CALL_MEDIA_REMOTE_HOLD)

    def onCallTransferRequest(self, prm: Any) -> None:  # noqa: N802
        prm.newCall = self._successor(pj.PJSUA_INVALID_ID)

    def onCallRedirected(self, prm: Any) -> int:  # noqa: N802
        return int(pj.PJSIP_REDIRECT_ACCEPT)

    def onCallReplaced(self, prm: Any) -> None:  # noqa: N802
        prm.newCall = self._successor(prm.newCallId)

    def onCallTransferStatus(self, prm: Any) -> None:  # noqa: N802
        if prm.finalNotify and prm.statusCode // 100 == 2:
            self.hangup(pj.CallOpParam())
            prm.cont = False

    def _successor(self, call_id: int) -> _Call:
        """The call that takes the place of this one."""
        call = _Call(self.worker, call_id)
        self.worker.calls.append(call)
        return call

    def onDtmfDigit(self, prm: Any) -> None:  # noqa: N802
        self.worker.line.event(EventKind.DTMF, prm.digit)

    def _connect(self, audio: Any) -> None:
        manager = self.worker.endpoint.audDevManager()
        source = self.worker.player() or manager.getCaptureDevMedia()
        sink = self.worker.recorder() or manager.getPlaybackDevMedia()
        source.startTransmit(audio)
        audio.startTransmit(sink)
        self.keep += [manager, source, sink, audio]

    def _tell_hold(self, *, held: bool) -> None:
        if held != self.remote_held:
            self.remote_held = held
            self.worker.line.event(EventKind.REMOTE_HOLD if held else EventKind.REMOTE_RESUME)


class _Account(pj.Account):  # type: ignore[misc]
    def __init__(self, worker: _Worker) -> None:
        super().__init__()
        self.worker = worker

    def onRegState(self, prm: Any) -> None:  # noqa: N802
        if prm.code // 100 == 2:
            if prm.expiration > 0:
                self.worker.line.event(EventKind.REGISTERED)
        else:
            self.worker.line.event(EventKind.REGISTRATION_FAILED, f"{prm.code} {prm.reason}")

    def onIncomingCall(self, prm: Any) -> None:  # noqa: N802
        call = _Call(self.worker, prm.callId)
        self.worker.calls.append(call)
        info = call.getInfo()
        self.worker.line.event(EventKind.INCOMING, info.remoteUri)
        self.worker.respond(call, 200 if self.worker.automatic else 180)


class _Worker:
    """The process: one endpoint, one account, the calls it ever had."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.endpoint = pj.Endpoint()
        self.account: Any = None
        self.calls: list[_Call] = []
        self.automatic = True
        self._settings: Arguments = {}
        self._player: Any = None
        self._recorder: Any = None

    def setup(self, settings: Arguments) -> None:
        self._settings = settings
        self.automatic = settings["answering"] == "auto"
        self.endpoint.libCreate()
        config = pj.EpConfig()
        config.logConfig.level = 1
        config.logConfig.consoleLevel = 1
        config.uaConfig.threadCnt = 1
        config.uaConfig.maxCalls = 4
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        self.endpoint.libInit(config)
        self.endpoint.audDevManager().setNullDev()
        self._transport = self._open_transport()
        self.endpoint.libStart()
        self._choose_codecs()
        self.account = _Account(self)
        self.account.create(self._account_config())
        if settings["spinning"]:
            start_spinning()

    def _open_transport(self) -> int:
        config = pj.TransportConfig()
        config.boundAddress = self._settings["address"]
        config.port = self._settings["port"]
        kind = {"udp": pj.PJSIP_TRANSPORT_UDP, "tcp": pj.PJSIP_TRANSPORT_TCP, "tls": pj.PJSIP_TRANSPORT_TLS}
        if self._settings["transport"] == "tls":
            config.tlsConfig.CaListFile = self._settings["trust"]
            config.tlsConfig.verifyServer = True
            config.tlsConfig.method = pj.PJSIP_TLSV1_2_METHOD
        return int(self.endpoint.transportCreate(kind[self._settings["transport"]], config))

    def _choose_codecs(self) -> None:
        codecs = self.endpoint.codecEnum2()
        for index in range(len(codecs)):
            self.endpoint.codecSetPriority(codecs[index].codecId, 0)
        for place, codec in enumerate(self._settings["codecs"]):
            self.endpoint.codecSetPriority(_CODECS[codec], 255 - place)

    def _account_config(self) -> Any:
        settings = self._settings
        suffix = "" if settings["transport"] == "udp" else f";transport={settings['transport']}"
        config = pj.AccountConfig()
        config.idUri = f"sip:{settings['user']}@{settings['domain']}"
        config.regConfig.registrarUri = f"sip:{settings['domain']}{suffix}"
        config.regConfig.registerOnAdd = False
        config.sipConfig.transportId = self._transport
        if settings["transport"] != "udp":
            config.sipConfig.proxies.append(f"sip:{settings['domain']}{suffix};lr")
        config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", settings["user"], 0, settings["password"]))
        self._encrypt(config.mediaConfig)
        config.natConfig.iceEnabled = settings["ice"]
        if not settings["ice"]:  # whose candidates it never takes from loopback
            config.mediaConfig.transportConfig.boundAddress = settings["address"]
        config.mediaConfig.transportConfig.port = 20000 + os.getpid() % 10000 * 2
        config.mediaConfig.transportConfig.portRange = 200
        return config

    def _encrypt(self, media: Any) -> None:
        """Demand the suites of the settings, whatever the transport of signalling is."""
        suites = self._settings["encryption"]
        media.srtpUse = pj.PJMEDIA_SRTP_MANDATORY if suites else pj.PJMEDIA_SRTP_DISABLED
        media.srtpSecureSignaling = 0
        media.srtpOpt.keyings.append(pj.PJMEDIA_SRTP_KEYING_SDES)
        for suite in suites:
            crypto = pj.SrtpCrypto()
            crypto.name = suite
            media.srtpOpt.cryptos.append(crypto)

    def player(self) -> Any:
        if self._settings["play"] and self._player is None:
            self._player = pj.AudioMediaPlayer()
            self._player.createPlayer(self._settings["play"])
        return self._player

    def recorder(self) -> Any:
        if self._settings["record"] and self._recorder is None:
            self._recorder = pj.AudioMediaRecorder()
            self._recorder.createRecorder(self._settings["record"])
        return self._recorder

    @property
    def current(self) -> _Call:
        if not self.calls:
            raise RuntimeError("there is no call")
        return self.calls[-1]

    def respond(self, call: _Call, status: int) -> None:
        parameters = pj.CallOpParam()
        parameters.statusCode = status
        call.answer(parameters)

    def register(self, _: Arguments) -> None:
        self.account.setRegistration(True)

    def unregister(self, _: Arguments) -> None:
        self.account.setRegistration(False)

    def call(self, request: Arguments) -> None:
        call = _Call(self)
        self.calls.append(call)
        call.makeCall(request["uri"], _with_defaults())

    def answer(self, _: Arguments) -> None:
        self.respond(self.current, 200)

    def reject(self, _: Arguments) -> None:
        self.respond(self.current, 486)

    def hang_up(self, _: Arguments) -> None:
        self.current.hangup(pj.CallOpParam())

    def hold(self, _: Arguments) -> None:
        self.current.setHold(_with_defaults())

    def resume(self, _: Arguments) -> None:
        parameters = _with_defaults()
        parameters.opt.flag |= pj.PJSUA_CALL_UNHOLD
        self.current.reinvite(parameters)

    def transfer(self, request: Arguments) -> None:
        self.current.xfer(request["uri"], pj.CallOpParam())

    def join(self, _: Arguments) -> None:
        self.calls[-2].xferReplaces(self.calls[-1], pj.CallOpParam())

    def send_dtmf(self, request: Arguments) -> None:
        self.current.dialDtmf(request["digits"])

    def end(self) -> None:
        """Destroy the library, then leave without taking its Python objects apart."""
        try:
            self._player = self._recorder = None
            self.endpoint.libDestroy()
        except pj.Error as error:
            os.write(2, words(error).encode())
        os._exit(0)


def main() -> None:
    """Run the worker."""
    line = Line()
    worker = _Worker(line)
    serve(
        line,
        {
            "setup": worker.setup,
            "register": worker.register,
            "unregister": worker.unregister,
            "call": worker.call,
            "answer": worker.answer,
            "reject": worker.reject,
            "hang_up": worker.hang_up,
            "hold": worker.hold,
            "resume": worker.resume,
            "send_dtmf": worker.send_dtmf,
            "transfer": worker.transfer,
            "join": worker.join,
        },
    )
    worker.end()


if __name__ == "__main__":
    main()
