"""Where what a good connection to the PBX gave outlasts a restart: credentials, and who stands in for whom."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path

from app.pbx.login_proofs import SessionCredentials
from app.pbx.owned_file import OwnedFile
from app.pbx.redundancy import Learnt


class SessionStore(OwnedFile[SessionCredentials]):
    """Credentials of the session, as well guarded as the settings' secrets.

    They go when the PBX says that they are gone, when it gives others, and when the account is taken out of the
    settings, be it while the phone was off; and for no other reason.
    """

    def __init__(self, folder: Path, executor: Executor | None = None) -> None:
        super().__init__(folder / "pbx-session", SessionCredentials, "the session with the PBX", executor)


class LearntStore(OwnedFile[Learnt]):
    """The PBXes that were learnt, so that a phone that starts while the primary one is dead finds the secondary."""

    def __init__(self, folder: Path, executor: Executor | None = None) -> None:
        super().__init__(folder / "pbx-learnt", Learnt, "who stands in for the PBX", executor)
