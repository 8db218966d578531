"""The Dockerfile, the Compose file and the chart, by the tools of their trade.

No container engine runs here: that the image builds and runs is not shown by this. Helm is real: its library renders
the chart (tests/kubernetes_api.py), and each object is checked against the JSON schemas of Kubernetes.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ci_tools import ROOT, ran, tool
from osler.app import config as configuration
from osler.app.serving import require_keys, require_tls

CHART = ROOT / "deploy" / "helm" / "osler"
HELM = "helm-sdkpy==0.1.32"
"""Ships Helm 4 as a library. It asks for Python 3.12 and works on 3.11."""
KUBERNETES = ("1.27", "1.32", "1.37")
"""The oldest that the chart allows, one between, and the newest that the schemas are there for."""

VAULT = {"vaultKey": {"existingSecret": "osler-vault"}}
WARD = """[destinations.ward]
url = "http://vllm.models:8000/v1"
location = "on-premises"
auth = { file = "/run/secrets/osler/ward/token" }
models.chat = { id = "ward-model" }

[[rules]]
name = "everything stays here"
allow = ["ward"]
"""
CASES: dict[str, dict[str, Any]] = {
    "sqlite": VAULT,
    "postgres": {**VAULT, "replicas": 3, "database": {"existingSecret": "osler-database"}},
    "everything": {
        **VAULT,
        "database": {"existingSecret": "osler-database"},
        "autoscaling": {"enabled": True},
        "tls": {"existingSecret": "osler-tls"},
        "secrets": [{"name": "ward", "existingSecret": "osler-ward"}],
        "config": {"server": "workers = 2\ndrain_s = 30\n", "stores": 'vault_ttl = "90d"\n', "tables": WARD},
        "networkPolicy": {
            "ingressFrom": [
                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}
            ],
            "egress": [
                {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 5432}, {"port": 8000}]}
            ],
        },
        "imagePullSecrets": [{"name": "registry"}],
        "image": {"digest": "sha256:" + "a" * 64},
        "nodeSelector": {"disk": "encrypted"},
        "podAnnotations": {"a": "b"},
        "podLabels": {"c": "d"},
        "service": {"annotations": {"e": "f"}},
        "serviceAccount": {"annotations": {"g": "h"}},
        "tolerations": [{"key": "ward", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
        "topologySpreadConstraints": [
            {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {}}
        ],
    },
    "a volume of one's own": {**VAULT, "persistence": {"existingClaim": "mine"}},
    "an older kind of volume": {
        **VAULT,
        "persistence": {"accessMode": "ReadWriteOnce", "storageClass": "fast"},
    },
    "no walls": {**VAULT, "networkPolicy": {"enabled": False}, "serviceAccount": {"create": False}},
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no vault key": ({}, "vaultKey.existingSecret is empty"),
    "replicas on SQLite": ({**VAULT, "replicas": 2}, "replicas is more than 1, but state is in SQLite"),
    "autoscaling on SQLite": (
        {**VAULT, "autoscaling": {"enabled": True}},
        "autoscaling is on, but state is in SQLite",
    ),
    "a second [server]": (
        {**VAULT, "config": {"tables": "[server]\nport = 1\n"}},
        "config.tables holds [server]",
    ),
    "a misspelt value": ({**VAULT, "replica": 2}, "additional properties 'replica' not allowed"),
    "a value of another type": ({**VAULT, "replicas": "2"}, "got string, want integer"),
}

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("chart")]


# -- container


def test_hadolint_has_nothing_to_say() -> None:
    assert ran(tool("hadolint"), "--failure-threshold", "style", "Dockerfile") == ""


def test_hadolint_would_say_something(tmp_path: Path) -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("USER 10001:10001", "USER root")
    (tmp_path / "Dockerfile").write_text(text)
    done = subprocess.run([tool("hadolint"), str(tmp_path / "Dockerfile")], capture_output=True, text=True)
    assert "DL3002" in done.stdout


def test_the_dockerfile_copies_what_the_engine_is_given() -> None:
    allowed = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    }
    copied = set()
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY ") and "--from=" not in line:
            copied |= set(line.split()[1:-1])
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def test_the_compose_file_is_of_the_compose_specification(tmp_path: Path) -> None:
    check = (tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec")
    ran(*check, "deploy/compose.yaml")
    wrong = tmp_path / "compose.yaml"
    text = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    wrong.write_text(text.replace("stop_grace_period:", "stop_grace_periode:"))
    assert subprocess.run([*check, str(wrong)], capture_output=True).returncode == 1


# -- chart


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Helm makes of each case."""
    library = tmp_path_factory.mktemp("helm")
    try:
        ran(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--ignore-requires-python",
            "--target", str(library), HELM)  # fmt: skip
        cases = {**CASES, **{name: values for name, (values, _) in REFUSED.items()}}
        done = subprocess.run(
            [sys.executable, str(ROOT / "tests" / "kubernetes_api.py"), str(CHART)],
            input=json.dumps(cases), capture_output=True, text=True, timeout=300, env={"PYTHONPATH": str(library)},
        )  # fmt: skip
    finally:
        shutil.rmtree(library, ignore_errors=True)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def kind(rendered: dict[str, Any], case: str, wanted: str) -> dict[str, Any]:
    (found,) = [o for o in rendered[case]["objects"] if o["kind"] == wanted]
    return dict(found)


def test_helm_lint_finds_no_fault(rendered: dict[str, Any]) -> None:
    assert rendered["lint"]["TotalChartsLinted"] == 1
    assert not rendered["lint"]["Errors"]
    assert not [m for m in rendered["lint"]["Messages"] if m["Severity"] > 1]  # 1: it has no icon


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_work_is_refused_with_the_reason(case: str, rendered: dict[str, Any]) -> None:
    assert REFUSED[case][1] in rendered[case]["error"]
    assert rendered[case]["objects"] == []


@pytest.mark.parametrize("version", KUBERNETES)
def test_each_object_is_of_kubernetes_own_schema(
    version: str, rendered: dict[str, Any], tmp_path: Path
) -> None:
    files = []
    for case in CASES:
        assert rendered[case]["error"] is None, rendered[case]["error"]
        for number, thing in enumerate(rendered[case]["objects"]):
            file = tmp_path / f"{len(files)}-{number}.json"
            file.write_text(json.dumps(thing))
            files.append(str(file))
    assert len(files) > 25
    ran(tool("kubernetes-validate"), "--strict", "--quiet", "--kubernetes-version", version, *files)
    broken = json.loads(Path(files[-1]).read_text())
    broken["spec"]["notAField"] = 1
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    done = subprocess.run(
        [tool("kubernetes-validate"), "--strict", "--quiet", "--kubernetes-version", version,
         str(tmp_path / "broken.json")], capture_output=True,
    )  # fmt: skip
    assert done.returncode != 0


@pytest.mark.parametrize("case", CASES)
def test_the_pod_has_no_rights_that_it_does_not_need(case: str, rendered: dict[str, Any]) -> None:
    pod = kind(rendered, case, "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    mounted = {m["name"]: m for m in container["volumeMounts"]}
    assert {name for name, m in mounted.items() if not m.get("readOnly")} == {"workspace", "tmp"}
    assert {v["name"] for v in pod["volumes"]} == set(mounted)
    assert not any("hostPath" in v for v in pod["volumes"])
    assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)


@pytest.mark.parametrize("case", CASES)
def test_the_rendered_configuration_is_in_order(case: str, rendered: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "osler.toml"
    file.write_text(kind(rendered, case, "ConfigMap")["data"]["osler.toml"], encoding="utf-8")
    config = configuration.load(file)
    assert require_keys(config)
    require_tls(config)
    assert (config.stores.url is not None) == ("database" in CASES[case])
    pod = kind(rendered, case, "Deployment")["spec"]["template"]["spec"]
    mounts = [m["mountPath"] for m in pod["containers"][0]["volumeMounts"]]
    secrets = [line.split('"')[1] for line in file.read_text().splitlines() if "{ file = " in line]
    assert secrets
    assert all(any(secret.startswith(f"{mount}/") for mount in mounts) for secret in secrets)
    assert pod["terminationGracePeriodSeconds"] > config.server.drain_s + 5


def test_sqlite_has_one_pod_and_a_volume_that_stays(rendered: dict[str, Any]) -> None:
    spec = kind(rendered, "sqlite", "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    claim = kind(rendered, "sqlite", "PersistentVolumeClaim")
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    kinds = {o["kind"] for o in rendered["sqlite"]["objects"]}
    assert kinds == {
        "ConfigMap",
        "Deployment",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "Service",
        "ServiceAccount",
    }


def test_postgres_has_several_pods_no_volume_and_a_budget(rendered: dict[str, Any]) -> None:
    spec = kind(rendered, "postgres", "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (3, "RollingUpdate")
    assert kind(rendered, "postgres", "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    assert "PersistentVolumeClaim" not in {o["kind"] for o in rendered["postgres"]["objects"]}


def test_with_everything_the_probes_speak_tls_and_the_autoscaler_counts(rendered: dict[str, Any]) -> None:
    deployment = kind(rendered, "everything", "Deployment")
    assert "replicas" not in deployment["spec"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["scheme"] == "HTTPS"
    assert container["image"] == "osler@sha256:" + "a" * 64
    target = kind(rendered, "everything", "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert target["name"] == deployment["metadata"]["name"]


def test_nobody_gets_in_or_out_unless_named(rendered: dict[str, Any]) -> None:
    closed = kind(rendered, "sqlite", "NetworkPolicy")["spec"]
    assert closed["policyTypes"] == ["Ingress", "Egress"]
    assert closed["ingress"][0]["from"] == [{"podSelector": {}}]
    assert [p["port"] for rule in closed["egress"] for p in rule["ports"]] == [53, 53]
    opened = kind(rendered, "everything", "NetworkPolicy")["spec"]
    assert opened["egress"][1]["to"] == [{"ipBlock": {"cidr": "10.0.0.0/8"}}]
    assert "NetworkPolicy" not in {o["kind"] for o in rendered["no walls"]["objects"]}
