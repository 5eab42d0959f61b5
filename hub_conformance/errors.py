"""What can go wrong outside the rules: one class a kind, each message says what to do.

ConformanceError
├── UsageError         the run cannot start: a bad option, no hub, a refused token
├── HubError           no usable answer came back
│   ├── HubUnreachable     nothing answers
│   │   └── ConnectionLost     the connection broke; a write may have been carried out
│   ├── HubTooSlow         no whole answer within the time limit
│   └── AnswerTooLarge     the answer passes the size limit
├── OutOfBounds        a request that the sandbox's guard does not let out
├── OtherOrigin        a URL that would carry the token to another origin
└── SetupFailed        the sandbox could not make what a rule needs
    ├── NeedsAdmin         it takes the hub's admin flag, which the run's owner has not
    ├── NoRoom             it would be more users than there may be at once
    └── OutOfTime          the run has taken too long
"""

from __future__ import annotations


class ConformanceError(Exception):
    """Base of every error of this package."""


class UsageError(ConformanceError):
    """The run cannot start; the message says why and what to do."""


class HubError(ConformanceError):
    """No usable answer came back from the hub."""


class HubUnreachable(HubError):
    """Nothing answers at the hub's address, or the connection broke."""


class ConnectionLost(HubUnreachable):
    """The connection broke before the answer was there; a write may have been carried out."""


class HubTooSlow(HubError):
    """No whole answer came within the time limit."""


class AnswerTooLarge(HubError):
    """The answer passes the size limit."""


class OutOfBounds(ConformanceError):
    """A request names something outside the sandbox; it was not sent."""


class OtherOrigin(ConformanceError):
    """A URL would carry the token to another origin; it was not followed."""


class SetupFailed(ConformanceError):
    """The sandbox could not make what a rule needs."""


class NoRoom(SetupFailed):
    """A request would make more users than there may be at once; it was not sent."""


class NeedsAdmin(SetupFailed):
    """A request makes an admin, which only an admin may; it was not sent."""


class OutOfTime(SetupFailed):
    """The run has taken too long; nothing more is asked."""
