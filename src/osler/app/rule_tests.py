"""The tests that stand beside the rules: run when a configuration is loaded; one that fails is not activated."""

from datetime import date

from osler.app.config import Config
from osler.app.tasks import build_estimators, load_tasks
from osler.core.errors import ConfigError, OslerError, PolicyRefused
from osler.core.messages import Caller, ChatRequest, Message
from osler.core.models import Destination
from osler.core.sensitivity import Sensitivity
from osler.core.spans import counts
from osler.deid import Deidentifier
from osler.gateway.config import Expectation, RuleTest, SampleRequest
from osler.gateway.estimate import Estimators
from osler.gateway.policy import IMAGE, Decision, Facts, Policy
from osler.gateway.roles import Roles
from osler.gateway.router import Target, require_known, route
from osler.gateway.tenants import Tenants


def run(config: Config, deidentifier: Deidentifier, today: date) -> int:
    """Run all tests and say how many there were. Raises ConfigError that names each one that failed."""
    if not config.tests:
        return 0
    destinations = [d.value(name) for name, d in config.destinations.items()]
    policy = Policy(destinations, config.rules, Roles(config.gateway.roles), Tenants(config.gateway.tenants))
    faults = []
    judge = _Judge(config, deidentifier)
    for number, test in enumerate(config.tests, 1):
        fault = _fault(test, judge, policy, destinations, today)
        if fault:
            faults.append(f"test {number} ({config.place('tests', str(number - 1))}): {fault.rstrip('.')}")
    if faults:
        raise ConfigError(
            f"The rules fail their own tests: {'; '.join(faults)}.",
            remedy="Mend the rules or the tests; until then this configuration is not activated.",
        )
    return len(config.tests)


class _Judge:
    """What step 1 would find out about the requests of the tests."""

    def __init__(self, config: Config, deidentifier: Deidentifier) -> None:
        self._deidentifier = deidentifier
        self._tasks = load_tasks(config, deidentifier)
        looked_at = any(r.when.task is not None or r.when.complexity is not None for r in config.rules)
        self._estimators = build_estimators(config) if looked_at else Estimators(task=None, complexity=None)

    def facts(self, sample: SampleRequest) -> Facts:
        """The facts of one. Raises ConfigError for a task that is not configured."""
        request = ChatRequest(
            messages=(Message(role="user", content=sample.text),),
            model=sample.model,
            purpose=sample.purpose,
            task=sample.task,
            specialty=sample.specialty,
            latency=sample.latency,
            caller=Caller(role=sample.role, tenant=sample.tenant),
        )
        task, complexity = self._estimators.facts(request)
        spans = self._deidentifier.find(sample.text)
        phi = bool(spans) or sample.patient or sample.images or self._deidentifier.is_blind
        return Facts(
            sensitivity=Sensitivity.PHI if phi else Sensitivity.CLEAR,
            phi=counts(spans),
            sources=("records",) if sample.patient else (),
            purpose=sample.purpose,
            role=sample.role,
            patient=sample.patient,
            task=task,
            task_named=sample.task is not None,
            task_models=self._tasks.models(sample.task),
            specialty=sample.specialty,
            complexity=sample.complexity or complexity,
            latency=sample.latency,
            modality=("text", IMAGE) if sample.images else ("text",),
            tenant=sample.tenant,
            over_budget=sample.over_budget,
            break_glass=sample.break_glass,
        )


def _fault(
    test: RuleTest, judge: _Judge, policy: Policy, destinations: list[Destination], today: date
) -> str:
    request, expect = test.request, test.expect
    try:
        facts = judge.facts(request)
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
