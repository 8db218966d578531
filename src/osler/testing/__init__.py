"""Honest stand-ins and contract tests, for Osler's own tests and for authors of plug-ins.

`ModelServer` and `ModelServerThread` speak the OpenAI wire on loopback and misbehave on request;
`FaultServer` goes wrong byte by byte, in any `Trouble`;
the stand-ins of `osler.testing.engines` enforce the request shapes of vLLM, TGI, llama.cpp and Ollama;
`DetectorServer` is a detector service and misbehaves too; `SocketCapture` keeps every byte that
reaches it; `FixedClock` is a clock that stands still;
`Failing…` are parts that are down when a `Switch` says so, in one `Manner` or another;
`check_detector`, `check_reader`, `check_completer`, `check_check` and `check_estimator` hold a plug-in to its port,
and raise `ContractBroken`.
Of the platform itself only `osler demo` and `osler plugins check` use any of it.
"""

from osler.testing.capture import SocketCapture
from osler.testing.clock import FixedClock
from osler.testing.contracts import (
    ContractBroken,
    check_check,
    check_completer,
    check_detector,
    check_estimator,
    check_reader,
)
from osler.testing.detector_server import DetectorFault, DetectorServer
from osler.testing.fault_server import FaultServer
from osler.testing.model_server import ModelServer, ModelServerThread
from osler.testing.outages import (
    FailingAudit,
    FailingCheck,
    FailingCompleter,
    FailingDetector,
    FailingIndex,
    FailingKeeper,
    FailingVault,
    Manner,
    Switch,
)
from osler.testing.replies import Echo, Fault, Fixed, Reply, Script
from osler.testing.troubles import Trouble

__all__ = [
    "ContractBroken",
    "DetectorFault",
    "DetectorServer",
    "Echo",
    "FailingAudit",
    "FailingCheck",
    "FailingCompleter",
    "FailingDetector",
    "FailingIndex",
    "FailingKeeper",
    "FailingVault",
    "Fault",
    "FaultServer",
    "Fixed",
    "FixedClock",
    "Manner",
    "ModelServer",
    "ModelServerThread",
    "Reply",
    "Script",
    "SocketCapture",
    "Switch",
    "Trouble",
    "check_check",
    "check_completer",
    "check_detector",
    "check_estimator",
    "check_reader",
]
