"""De-identification of FHIR R4 resources: an allow-list as data, every element accounted for.

    out, account = deidentify(bundle, Session(engine, today=date.today(), mode="safe-harbor"))

See docs/reference/deid-fhir-hl7.md for what becomes of each data type. Output is not thereby de-identified under
45 CFR 164.514(b): that is the site's determination.
"""

from typing import Any

from osler.core.errors import InputError, UnsupportedFormat
from osler.deid.accounting import Accounting
from osler.deid.fhir import identity as identities
from osler.deid.fhir import outbound, rules
from osler.deid.fhir.references import Links
from osler.deid.fhir.resources import PARTS, is_resource, resource, treatable
from osler.deid.fhir.walk import Walk
from osler.deid.session import Session

__all__ = ["deidentify"]


def deidentify(value: dict[str, Any], session: Session) -> tuple[dict[str, Any], Accounting]:
    """A resource (JSON as parsed) with its identifiers replaced, and the account of every leaf of it.

    The input is not changed. Raises InputError when it is no resource or nested too deep, UnsupportedFormat when
    its type is not treated, GuardUnavailable when a detector fails or an identifier still stands in the output.
    """
    allowed = rules.load()
    if not is_resource(value):
        raise InputError(
            "The JSON is no FHIR resource: it has no resourceType.",
            remedy="Give one FHIR R4 resource, or one on each line.",
        )
    found = identities.read(value, allowed, session, Links(session, allowed))
    if not treatable(Walk(session, allowed, found, PARTS), value):
        raise UnsupportedFormat(
            "The resource is of a type that is not de-identified, or has an extension that modifies its meaning.",
            remedy="Leave it out; the types that are treated are in docs/reference/deid-fhir-hl7.md.",
        )
    session.remember(found.people.values())
    session.begin(found.texts, tuple(found.known), found.tokens)
    session.foresee(lambda: resource(Walk(session, allowed, found, PARTS), value))
    walk = Walk(session, allowed, found, PARTS)
    out = resource(walk, value) or {}
    outbound.check(out, allowed, session)
    return out, walk.ledger.closed()
