"""The tests that stand beside the rules: run when a configuration is loaded; one that fails is not activated."""

from datetime import date

from osler.app.config import Config
from osler.core.errors import ConfigError, OslerError, PolicyRefused
from osler.core.models import Destination
from osler.core.sensitivity import Sensitivity
from osler.core.spans import counts
from osler.deid import Deidentifier
from osler.gateway.config import Expectation, RuleTest, SampleRequest
from osler.gateway.policy import Decision, Facts, Policy
from osler.gateway.roles import Roles
from osler.gateway.router import Target, require_known, route


def run(config: Config, deidentifier: Deidentifier, today: date) -> int:
    """Run all tests and say how many there were. Raises ConfigError that names each one that failed."""
    destinations = [d.value(name) for name, d in config.destinations.items()]
    policy = Policy(destinations, config.rules, Roles(config.gateway.roles))
    faults = []
    for number, test in enumerate(config.tests, 1):
        facts = _facts(test.request, config, deidentifier)
        fault = _fault(test, facts, policy, destinations, today)
        if fault:
            faults.append(f"test {number} ({config.place('tests', str(number - 1))}): {fault.rstrip('.')}")
    if faults:
        raise ConfigError(
            f"The rules fail their own tests: {'; '.join(faults)}.",
            remedy="Mend the rules or the tests; until then this configuration is not activated.",
        )
    return len(config.tests)


def _facts(request: SampleRequest, config: Config, deidentifier: Deidentifier) -> Facts:
    """What policy would know of the request."""
    spans = deidentifier.find(request.text)
    task = config.tasks.get(request.task) if request.task else None
    allowed = task.allow if task is not None else None
    phi = bool(spans) or request.patient or request.images
    return Facts(
        sensitivity=Sensitivity.PHI if phi else Sensitivity.CLEAR,
        phi=counts(spans),
        sources=("records",) if request.patient else (),
        purpose=request.purpose,
        role=request.role,
        patient=request.patient,
        task=request.task,
        task_models=frozenset(allowed) if allowed is not None else None,
        specialty=request.specialty,
        complexity=request.complexity or "low",
        latency=request.latency,
        modality=("text", "image") if request.images else ("text",),
        tenant=request.tenant,
        over_budget=request.over_budget,
        break_glass=request.break_glass,
    )


def _fault(
    test: RuleTest, facts: Facts, policy: Policy, destinations: list[Destination], today: date
) -> str:
    request, expect = test.request, test.expect
    try:
        require_known(destinations, request.model, "chat")
        decision = policy.decide(facts, today)
        target = route(decision, request.model, "chat")[0]
    except PolicyRefused as refusal:
        return "" if expect.refused else f"expected an answer, but {refusal.message}"
    except OslerError as error:
        return error.message
    return _difference(expect, decision, target)


def _difference(expect: Expectation, decision: Decision, target: Target) -> str:
    if expect.refused:
        return f"expected a refusal, but it goes to {target.name}"
    if expect.destination is not None and target.destination.name not in expect.destination:
        return f"expected {' or '.join(expect.destination)}, but it goes to {target.destination.name}"
    if expect.model is not None and not {target.model.name, target.name} & set(expect.model):
        return f"expected the model {' or '.join(expect.model)}, but it is {target.model.name}"
    if expect.transform is not None and target.transform != expect.transform:
        return f"expected the transform {expect.transform}, but it is {target.transform}"
    if expect.rule is not None and decision.rule != expect.rule:
        return f"expected the rule '{expect.rule}', but '{decision.rule}' decides"
    return ""
