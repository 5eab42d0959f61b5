"""Who has logged in with a browser, and what keeps other sites' forms out.

JupyterHub keeps no table of sessions: its cookies are signed. This hub has one, so that a logout
ends a session for every copy of its cookies.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

from .entities import Token, User

#: As JupyterHub's documentation calls it; there are clients that look for it after a login.
LOGIN_COOKIE = "jupyterhub-hub-login"


class Session:
    """One login. `token` stands for it where rights are looked up; nobody can send it.

    `unseen` has secrets of new tokens by their ids, until the page has shown them.
    """

    def __init__(self, session_id: str, user: User, now: datetime) -> None:
        self.id = session_id
        self.user = user
        self.unseen: dict[str, str] = {}
        self.token = Token.standing_for(user, now)


class SessionTable:
    """Sessions by the hash of their cookie."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._by_digest: dict[bytes, Session] = {}
        self._of_user: dict[User, dict[Session, bytes]] = {}

    def open(self, user: User, now: datetime) -> tuple[Session, str]:
        """A new session, and the cookie that belongs to it."""
        session, cookie = Session(secrets.token_hex(16), user, now), secrets.token_urlsafe(24)
        key = self._sign(cookie)
        self._by_digest[key] = session
        self._of_user.setdefault(user, {})[session] = key
        return session, cookie

    def find(self, cookie: str) -> Session | None:
        """The session of a cookie, if it is one."""
        return self._by_digest.get(self._sign(cookie)) if cookie else None

    def close(self, session: Session) -> None:
        """End a session."""
        key = self._of_user.get(session.user, {}).pop(session, b"")
        self._by_digest.pop(key, None)

    def forget(self, user: User) -> None:
        """End all sessions of a user who is gone."""
        for key in self._of_user.pop(user, {}).values():
            del self._by_digest[key]

    def xsrf(self, session: Session | None, stranger: str) -> str:
        """What a form has to carry: bound to the session, or to what tells a stranger's browser."""
        return self._sign(f"session {session.id}" if session else f"stranger {stranger}").hex()

    def _sign(self, text: str) -> bytes:
        return hmac.new(self._key, text.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()
