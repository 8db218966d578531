"""The tests that stand beside the rules: run when a configuration is loaded; one that fails is not activated."""

from datetime import date

from osler.app.config import Config
from osler.core.errors import ConfigError, OslerError, PolicyRefused
from osler.core.sensitivity import Sensitivity
from osler.core.spans import counts
from osler.deid import Deidentifier
from osler.gateway.config import RuleTest
from osler.gateway.policy import Facts, Policy
from osler.gateway.router import require_known, route


def run(config: Config, deidentifier: Deidentifier, today: date) -> int:
    """Run all tests and say how many there were. Raises ConfigError that names each one that failed."""
    faults = []
    for number, test in enumerate(config.tests, 1):
        fault = _fault(test, config, deidentifier, today)
        if fault:
            faults.append(f"test {number} ({config.place('tests', str(number - 1))}): {fault.rstrip('.')}")
    if faults:
        raise ConfigError(
            f"The rules fail their own tests: {'; '.join(faults)}.",
            remedy="Mend the rules or the tests; until then this configuration is not activated.",
        )
    return len(config.tests)


def _fault(test: RuleTest, config: Config, deidentifier: Deidentifier, today: date) -> str:
    request, expect = test.request, test.expect
    destinations = [d.value(name) for name, d in config.destinations.items()]
    spans = deidentifier.find(request.text)
    facts = Facts(
        sensitivity=Sensitivity.PHI if spans or request.patient else Sensitivity.CLEAR,
        phi=counts(spans),
        sources=("records",) if request.patient else (),
        purpose=request.purpose,
        role=request.role,
    )
    try:
        require_known(destinations, request.model, "chat")
        decision = Policy(destinations, config.rules).decide(facts, today)
        target = route(decision, request.model, "chat")[0]
    except PolicyRefused as refusal:
        return "" if expect.refused else f"expected an answer, but {refusal.message}"
    except OslerError as error:
        return error.message
    if expect.refused:
        return f"expected a refusal, but it goes to {target.name}"
    if expect.destination is not None and target.destination.name not in expect.destination:
        return f"expected {' or '.join(expect.destination)}, but it goes to {target.destination.name}"
    if expect.transform is not None and target.transform != expect.transform:
        return f"expected the transform {expect.transform}, but it is {target.transform}"
    if expect.rule is not None and decision.rule != expect.rule:
        return f"expected the rule '{expect.rule}', but '{decision.rule}' decides"
    return ""
