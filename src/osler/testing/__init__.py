"""Honest stand-ins and contract tests, for Osler's own tests and for authors of plug-ins.

`ModelServer` and `ModelServerThread` speak the OpenAI wire on loopback and misbehave on request;
`DetectorServer` is a detector service and does the same; `SocketCapture` keeps every byte that
reaches it; `FixedClock` is a clock that stands still;
`check_detector`, `check_reader`, `check_completer` and `check_check` hold a plug-in to its port.
Of the platform itself only `osler demo` uses any of it.
"""

from osler.testing.capture import SocketCapture
from osler.testing.clock import FixedClock
from osler.testing.contracts import check_check, check_completer, check_detector, check_reader
from osler.testing.detector_server import DetectorFault, DetectorServer
from osler.testing.model_server import ModelServer, ModelServerThread
from osler.testing.replies import Echo, Fault, Fixed, Reply, Script

__all__ = [
    "DetectorFault",
    "DetectorServer",
    "Echo",
    "Fault",
    "Fixed",
    "FixedClock",
    "ModelServer",
    "ModelServerThread",
    "Reply",
    "Script",
    "SocketCapture",
    "check_check",
    "check_completer",
    "check_detector",
    "check_reader",
]
