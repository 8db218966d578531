"""Two results of one benchmark: what changed from the old to the new, figure by figure."""

from runner import intervals
from runner.render import number, table
from runner.result import Figure, Result


def markdown(old: Result, new: Result) -> str:
    """A table of the figures that both hold, with the ratio of new to old; what cannot be compared is named.

    The two were not run in turns, so each ratio also holds what the machine did differently.
    Raises ValueError when they are results of different benchmarks.
    """
    if old.name != new.name:
        raise ValueError(f"'{old.name}' and '{new.name}' are different benchmarks")
    before = {(f.contender, f.case, f.metric): f for f in old.figures}
    after = {(f.contender, f.case, f.metric): f for f in new.figures}
    rows = [_row(before[key], figure) for key, figure in after.items() if key in before]
    header = ["contender", "case", "metric", "old", "new", "new / old", "reads"]
    parts = [f"## {new.name}: {_commit(old)} to {_commit(new)}", *_warnings(old, new), table(header, rows)]
    for what, keys in (("old", before.keys() - after.keys()), ("new", after.keys() - before.keys())):
        if keys:
            names = "; ".join(", ".join(key) for key in sorted(keys))
            parts.append(f"Only in the {what} result: {names}.")
    return "\n\n".join(parts) + "\n"


def _row(old: Figure, new: Figure) -> list[str]:
    ratio, reads = "–", "cannot be compared"
    olds, news = [v for v in old.values if v is not None], [v for v in new.values if v is not None]
    if old.unit == new.unit and min(olds) > 0 and min(news) > 0:
        seed = intervals.seed_of(0, new.contender, new.case, new.metric)
        estimate = intervals.unpaired(news, olds, seed=seed)
        ratio = number(estimate.value)
        if estimate.ci is None:
            reads = "too few rounds"
        else:
            ratio += f" [{number(estimate.ci[0])}, {number(estimate.ci[1])}]"
            reads = _reading(estimate.ci, new.better)
    shown = [f"{number(f.median)} {f.unit}{' ~' if f.noisy else ''}" for f in (old, new)]
    return [new.contender, new.case, new.metric, *shown, ratio, reads]


def _reading(ci: intervals.Interval, better: str) -> str:
    if ci[0] <= 1 <= ci[1]:
        return "no difference shown"
    return "better" if (ci[1] < 1) == (better == "lower") else "worse"


def _warnings(old: Result, new: Result) -> list[str]:
    """What else differs between the runs."""
    pairs = [
        ("processor", old.machine.cpu, new.machine.cpu),
        ("cores", old.machine.cores, new.machine.cores),
        ("kernel", old.machine.kernel, new.machine.kernel),
        ("Python", old.machine.python, new.machine.python),
    ]
    keys = dict.fromkeys([*old.settings, *new.settings])
    pairs += [(key, old.settings.get(key), new.settings.get(key)) for key in keys]
    names = dict.fromkeys([*old.versions, *new.versions])
    pairs += [(key, old.versions.get(key), new.versions.get(key)) for key in names]
    differ = [f"- {what}: {a} before, {b} now" for what, a, b in pairs if a != b]
    return (
        ["These differ as well, so that the figures may not be comparable:\n\n" + "\n".join(differ)]
        if differ
        else []
    )


def _commit(result: Result) -> str:
    if result.commit.id is None:
        return f"unknown commit of {result.when[:10]}"
    return f"`{result.commit.id[:12]}`{' with changes' if result.commit.dirty else ''} ({result.when[:10]})"
