"""Named deviations of the hub, each a few lines over one policy of the core or the http layer."""

from .fault import Fault, planted
from .registry import FAULTS, UnknownFault, find

__all__ = ["FAULTS", "Fault", "UnknownFault", "find", "planted"]
