"""Detectors of identifiers, one file per kind; each implements `osler.core.ports.detector.Detector`.

All are pure functions of the text, keep nothing between calls and may be called from several threads.
"""

from osler.core.ports.detector import Detector
from osler.deid.detectors.accounts import AccountDetector
from osler.deid.detectors.ages import AgeDetector
from osler.deid.detectors.biometrics import BiometricDetector
from osler.deid.detectors.dates import DateDetector
from osler.deid.detectors.devices import DeviceDetector
from osler.deid.detectors.emails import EmailDetector
from osler.deid.detectors.health_plan import HealthPlanDetector
from osler.deid.detectors.ips import IpDetector
from osler.deid.detectors.licenses import LicenseDetector
from osler.deid.detectors.locations import LocationDetector
from osler.deid.detectors.mrn import MrnDetector
from osler.deid.detectors.names import NameDetector
from osler.deid.detectors.other_ids import OtherIdDetector
from osler.deid.detectors.phones import PhoneDetector
from osler.deid.detectors.photos import PhotoDetector
from osler.deid.detectors.ssn import SsnDetector
from osler.deid.detectors.urls import UrlDetector
from osler.deid.detectors.vehicles import VehicleDetector

BUILT_IN: tuple[type[Detector], ...] = (
    NameDetector,
    LocationDetector,
    DateDetector,
    AgeDetector,
    PhoneDetector,
    EmailDetector,
    SsnDetector,
    MrnDetector,
    HealthPlanDetector,
    AccountDetector,
    LicenseDetector,
    VehicleDetector,
    DeviceDetector,
    UrlDetector,
    IpDetector,
    BiometricDetector,
    PhotoDetector,
    OtherIdDetector,
)
"""The detectors that come with Osler; each is made without arguments."""

__all__ = ["BUILT_IN", *(kind.__name__ for kind in BUILT_IN)]
