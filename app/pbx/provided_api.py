"""An API that apps of the PBX provide: connections to them, questions to all, and their answers.

The APIs for contacts are described as ones between apps of a client (innovaphone SDK, com.innovaphone.phonelookup and
com.innovaphone.search). That the PBX's app objects take them on their own connections, with `api` and `src` as in any
of their APIs, is a guess.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import msgspec

from app.pbx.app_link import AppLink
from app.pbx.app_message import AppError, Reader, open_envelope, write
from app.pbx.client import PbxClient

MOST_APPS = 2
"""So many apps are asked, the first that the PBX names."""


class ProvidedApi:
    """Belongs to the loop. `answers` reads what apps say; `told` gets it with the `src` of the question.

    `came_up` is called when another app can be asked.
    """

    def __init__(
        self,
        client: PbxClient,
        api: str,
        answers: Reader,
        told: Callable[[str, msgspec.Struct], None],
        came_up: Callable[[], None],
    ) -> None:
        self._client = client
        self._api = api
        self._answers = answers
        self._told = told
        self._came_up = came_up
        self._links: dict[str, AppLink] = {}
        self._numbers = itertools.count(1)
        self._forget = client.subscribe(self._follow_apps)
        self._follow_apps()

    def close(self) -> None:
        """Ask no more. The client ends the connections."""
        self._forget()

    def ask(self, mt: str, question: msgspec.Struct) -> str:
        """Ask all that can be asked now. Returns the `src` of the question; empty where there is nobody."""
        links = [link for link in self._links.values() if link.up]
        src = f"{mt}-{next(self._numbers)}"
        for link in links:
            link.send(write(mt, question, api=self._api, src=src).encode())
        return src if links else ""

    def _follow_apps(self) -> None:
        """Be connected to the apps that provide it, and to none that the user has no more."""
        providers = [app.name for app in self._client.apps if self._api in app.apis]
        for name in self._links.keys() - set(providers):
            self._links.pop(name).end()
        for name in providers:
            if name not in self._links and len(self._links) < MOST_APPS:
                link = self._client.app_login(name)
                link.on_message = self._receive
                link.on_up = self._came_up
                self._links[name] = link

    def _receive(self, text: bytes) -> None:
        """What cannot be read is no answer."""
        try:
            envelope = open_envelope(text)
            if not envelope.src or not self._answers.knows(envelope.mt):
                return
            message = self._answers.read(envelope, text)
        except AppError:
            return
        self._told(envelope.src, message)
