"""The innovaphone APIs for apps on the phone: its calls and its call list, and word of calls to apps that want it.

The phone provides com.innovaphone.client, com.innovaphone.phone and com.innovaphone.calllist, and consumes
com.innovaphone.phoneinfo. What an app asks for is a command like that of any surface, under the lock's rules.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import msgspec

from app.model import commands
from app.model.commands import AnyCommand, Reply
from app.model.flags import LogFlag
from app.model.history import CallRecord
from app.model.snapshot import CallState, CallView
from app.pbx.app_message import AppError, Envelope, ErrorCode, MessageMalformed, Reader, open_envelope, write
from app.pbx.app_session import Send
from app.surface.apps import client_messages as messages
from app.surface.apps.client_messages import (
    CALL_LIST_API,
    CLIENT_API,
    PHONE_API,
    PHONE_INFO_API,
    CallInfo,
    ClientModel,
    PhoneModel,
)
from app.surface.apps.phone_model import call_info, call_number, entry
from app.surface.apps.plain_text import plain_text

log = logging.getLogger(LogFlag.SURFACE)

PROVIDED = (CLIENT_API, PHONE_API, CALL_LIST_API)
APIS = (*PROVIDED, PHONE_INFO_API)
PROVIDER = "dev:phone"
"""Who the phone is among the providers; it is the only phone here."""
TITLE = "Phone"

_frames = Reader(messages.ConsumeApi, messages.RegisterApi, messages.ApiRequest)
_phone_reader = Reader(
    messages.StartCall, messages.PrepareCall, messages.ConnectCall, messages.DisconnectCall, messages.ShowCallInfo
)
_call_list_reader = Reader(messages.Subscribe)
_Answered = Callable[[Reply], None]


class PhoneFacts(Protocol):
    """What the APIs need of the phone."""

    def calls(self) -> tuple[CallView, ...]:
        """All calls, oldest first."""

    def history(self) -> tuple[CallRecord, ...]:
        """The newest finished calls, newest first."""

    def client(self) -> ClientModel:
        """How the phone stands with its PBX, and looks."""

    def registered(self) -> bool:
        """Whether a line is up."""

    def own_number(self) -> str:
        """The phone's number or name at the PBX; empty without a line."""

    def internal_digits(self) -> int:
        """The longest number of an internal call."""

    def command(self, command: AnyCommand, reply: _Answered) -> None:
        """Do something under the lock's rules; `reply` comes once, perhaps at once."""


@dataclass(frozen=True)
class _Subscriber:
    """Where new entries of the call list go, and the row that was sent last."""

    src: str | None
    row: int


class ClientApis:
    """The APIs for all apps. Belongs to the loop. `refresh` is called after anything visible has changed."""

    def __init__(self, phone: PhoneFacts) -> None:
        self.phone = phone
        self.calls: dict[int, CallInfo] = {}
        self.model = PhoneModel(registered=False, calls=())
        self.client = ClientModel()
        self._apps: set[ClientApi] = set()

    def make(self, send: Send) -> ClientApi:
        """The APIs for one connection of an app."""
        self.refresh()
        api = ClientApi(self, send, self._apps.discard)
        self._apps.add(api)
        return api

    def refresh(self) -> None:
        """Tell apps what has changed."""
        infos = tuple(map(call_info, self.phone.calls()))
        before, self.calls = self.calls, {info.id: info for info in infos}
        model = PhoneModel(self.phone.registered(), infos)
        changed, self.model = model != self.model, model
        client = self.phone.client()
        client_changed, self.client = client != self.client, client
        for app in tuple(self._apps):
            if client_changed:
                app.model_changed(CLIENT_API)
            if changed:
                app.model_changed(PHONE_API)
                app.calls_changed(before)
            app.call_list_changed()


class ClientApi:
    """The APIs with one app; it is the `Api` of each of `APIS`."""

    def __init__(self, apis: ClientApis, send: Send, closed: Callable[[ClientApi], None]) -> None:
        self._apis = apis
        self._send = send
        self._closed = closed
        self._open = True
        self._consumed: list[str] = []
        self._informed = False
        """The app provides com.innovaphone.phoneinfo."""
        self._subscriber: _Subscriber | None = None

    def receive(self, envelope: Envelope, text: bytes) -> None:
        """Take one frame; raises AppError where it is not done."""
        match _frames.read(envelope, text):
            case messages.ConsumeApi():
                self._consume(envelope)
            case messages.RegisterApi():
                self._register(envelope)
            case messages.ApiRequest() as request:
                self._request(request, envelope)

    def close(self) -> None:
        """The app is gone; said once for each API."""
        self._open = False
        self._closed(self)

    # --- what the app asks --------------------------------------------------------------------------------------

    def _consume(self, envelope: Envelope) -> None:
        if envelope.api == PHONE_INFO_API:
            raise AppError(ErrorCode.REFUSED, "The phone consumes this API. Register it to be told of calls.")
        if envelope.api not in self._consumed:
            self._consumed.append(envelope.api)
        self._tell_providers()

    def _register(self, envelope: Envelope) -> None:
        if envelope.api != PHONE_INFO_API:
            raise AppError(ErrorCode.REFUSED, "The phone provides this API itself. Consume it.")
        self._informed = True
        self.calls_changed({})

    def _request(self, request: messages.ApiRequest, envelope: Envelope) -> None:
        if request.provider not in ("", "*", PROVIDER) or envelope.api == PHONE_INFO_API:
            raise AppError(ErrorCode.UNKNOWN, f"There is no such provider here. There is: {PROVIDER}.")
        if envelope.api == CLIENT_API:
            raise AppError(ErrorCode.REFUSED, "This API takes no messages here. Consume it: its model says all.")
        inner = bytes(request.msg)
        asked = open_envelope(inner)
        if envelope.api == CALL_LIST_API:
            message = _call_list_reader.read(asked, inner)
            if isinstance(message, messages.Subscribe):
                self._subscribe(message.count, envelope)
            return
        self._command(_phone_reader.read(asked, inner), envelope)

    def _command(self, message: msgspec.Struct, envelope: Envelope) -> None:
        result: msgspec.Struct
        command: AnyCommand
        match message:
            case messages.StartCall():
                command, result = commands.Dial(0, number=_called(message)), messages.StartCallResult()
            case messages.PrepareCall():
                command, result = commands.PrepareDial(0, number=_called(message)), messages.PrepareCallResult()
            case messages.ShowCallInfo():
                command, result = self._description(message), messages.CallInfoResult()
            case messages.ConnectCall():
                command, result = commands.Answer(0), messages.ConnectCallResult()
            case _:
                command = commands.Reject(0) if self._rings else commands.HangUp(0)
                result = messages.DisconnectCallResult()
        self._apis.phone.command(command, lambda reply: self._answer(envelope, result, reply))

    def _description(self, message: messages.ShowCallInfo) -> AnyCommand:
        """What to show beside a call, as text. Raises AppError where there is no such call, or only a page."""
        if message.iframe is not None:
            raise AppError(ErrorCode.REFUSED, "This phone shows no pages. Send 'html': its text is shown.")
        call = next((call for call in self._apis.phone.calls() if call_number(call) == message.id), None)
        if call is None:
            raise AppError(ErrorCode.UNKNOWN, "There is no such call. It may have ended.")
        return commands.DescribeCall(0, call.id, plain_text(message.html))

    def _subscribe(self, count: int, envelope: Envelope) -> None:
        history = self._apis.phone.history()
        self._subscriber = _Subscriber(envelope.src, history[0].row if history else 0)
        self._tell_entries(history[:count])

    @property
    def _rings(self) -> bool:
        return any(call.state is CallState.INCOMING for call in self._apis.phone.calls())

    # --- what the phone tells -----------------------------------------------------------------------------------

    def model_changed(self, api: str) -> None:
        """The model of an API is another."""
        if api in self._consumed:
            self._tell_providers()

    def calls_changed(self, before: dict[int, CallInfo]) -> None:
        """Some calls are others than before."""
        if not self._informed:
            return
        now = self._apis.calls
        for number, info in now.items():
            if number not in before:
                self._inform(messages.CallAdded(number, info.guid))
            if before.get(number) != info:
                self._inform(messages.CallUpdated(**msgspec.structs.asdict(info)))
        for number in before.keys() - now.keys():
            self._inform(messages.CallRemoved(number, before[number].guid))

    def call_list_changed(self) -> None:
        """Perhaps a call has ended."""
        subscriber = self._subscriber
        if subscriber is None:
            return
        new = tuple(record for record in self._apis.phone.history() if record.row > subscriber.row)
        if new:
            self._subscriber = _Subscriber(subscriber.src, new[0].row)
            self._tell_entries(new)

    # --- steps --------------------------------------------------------------------------------------------------

    def _tell_providers(self) -> None:
        models: dict[str, msgspec.Struct] = {
            CLIENT_API: self._apis.client,
            PHONE_API: self._apis.model,
            CALL_LIST_API: messages.EmptyModel(),
        }
        apis = {
            api: {PROVIDER: messages.Provided(TITLE, {"type": "phone"} if api == PHONE_API else {}, models[api])}
            for api in self._consumed
        }
        self._send(write("ApiUpdate", messages.ApiUpdate(apis, dict.fromkeys(apis, PROVIDER))))

    def _inform(self, message: msgspec.Struct) -> None:
        self._send(write("ApiRequest", messages.Request(PROVIDER, message), api=PHONE_INFO_API))

    def _tell_entries(self, records: tuple[CallRecord, ...]) -> None:
        phone, subscriber = self._apis.phone, self._subscriber
        entries = tuple(entry(record, phone.own_number(), phone.internal_digits()) for record in records)
        src = None if subscriber is None else subscriber.src
        self._send(write("ApiResult", messages.Result(PROVIDER, messages.Update(entries)), api=CALL_LIST_API, src=src))

    def _answer(self, asked: Envelope, message: msgspec.Struct, reply: Reply) -> None:
        if not self._open:
            return
        words = "" if reply.accepted else f"{reply.reason}. {reply.advice}".replace("..", ".").strip()
        self._send(write("ApiResult", messages.Result(PROVIDER, message, words), api=asked.api, src=asked.src))


def _called(message: messages.StartCall | messages.PrepareCall) -> str:
    """Who is meant. Raises MessageMalformed."""
    given = [text for text in (message.num, message.sip, message.txt) if text]
    if len(given) != 1:
        raise MessageMalformed(f"{type(message).__name__} cannot be read: give one of 'num', 'sip' and 'txt'.")
    return given[0]
