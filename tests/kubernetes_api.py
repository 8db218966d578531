"""Renders the Helm chart with Helm's own library: it installs into a Kubernetes API of ours and we keep what it sends.

No helm program comes from the registries that a build machine here reaches, but the PyPI package helm-sdkpy ships Helm 4
as a shared library. Run as a program in a Python that has it:

    python tests/kubernetes_api.py CHART < cases.json

`cases.json` is `{NAME: values}`. Prints `{NAME: {"objects": [...], "error": text or null}}`, and under `"lint"` what
`helm lint` says of the chart. The API answers what an installation asks for and nothing else: it checks no object.
"""

import asyncio
import json
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import helm_sdkpy

KINDS = {
    "v1": ["ConfigMap", "PersistentVolumeClaim", "Secret", "Service", "ServiceAccount"],
    "apps/v1": ["Deployment"],
    "autoscaling/v2": ["HorizontalPodAutoscaler"],
    "networking.k8s.io/v1": ["NetworkPolicy"],
    "policy/v1": ["PodDisruptionBudget"],
}

KUBECONFIG = """apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: u, user: {{token: none}}}}]
contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
current-context: x
"""


def _plural(kind: str) -> str:
    return kind.lower()[:-1] + "ies" if kind.endswith("y") else kind.lower() + "s"


def _resources(version: str) -> dict[str, Any]:
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": version,
        "resources": [
            {"name": _plural(k), "singularName": k.lower(), "namespaced": True, "kind": k, "verbs": verbs}
            for k in KINDS[version]
        ],
    }


def _groups() -> dict[str, Any]:
    groups = []
    for version in KINDS:
        if "/" in version:
            entry = {"groupVersion": version, "version": version.split("/")[1]}
            groups.append({"name": version.split("/")[0], "versions": [entry], "preferredVersion": entry})
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


class Api(BaseHTTPRequestHandler):
    """Discovery, "not found" for every object, and a list of what was created."""

    protocol_version = "HTTP/1.1"
    created: list[dict[str, Any]]

    def do_GET(self) -> None:
        path = self.path.split("?")[0].rstrip("/")
        if path == "/version":
            self._answer(200, {"major": "1", "minor": "33", "gitVersion": "v1.33.0"})
        elif path == "/api":
            self._answer(200, {"kind": "APIVersions", "versions": ["v1"]})
        elif path == "/apis":
            self._answer(200, _groups())
        elif path.removeprefix("/apis/") in KINDS or path == "/api/v1":
            self._answer(200, _resources(path.removeprefix("/apis/").removeprefix("/api/")))
        elif path.endswith("/secrets"):
            self._answer(200, {"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": []})
        else:
            self._answer(404, {"kind": "Status", "apiVersion": "v1", "reason": "NotFound", "code": 404})

    def do_POST(self) -> None:
        self._keep(201)

    def do_PUT(self) -> None:
        self._keep(200)

    def _keep(self, status: int) -> None:
        """What is sent comes back. Helm's own release record comes as protobuf and is not kept."""
        data = self.rfile.read(int(self.headers.get("content-length") or 0))
        kind = self.headers.get("content-type", "")
        if kind.startswith("application/json"):
            self.created.append(json.loads(data))
        self._send(status, kind, data)

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(document).encode())

    def _send(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def api(created: list[dict[str, Any]]):  # type: ignore[no-untyped-def]
    """A Kubernetes API on a free loopback port, as a kubeconfig."""
    handler = type("Handler", (Api,), {"created": created})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield KUBECONFIG.format(port=server.server_port)
    finally:
        server.shutdown()
        server.server_close()


def render(chart: str, values: dict[str, Any]) -> dict[str, Any]:
    """Install the chart; the objects that Helm sent, and its error."""
    created: list[dict[str, Any]] = []
    error = None
    with api(created) as kubeconfig:
        configuration = helm_sdkpy.Configuration(namespace="ward", kubeconfig=kubeconfig)
        try:
            asyncio.run(helm_sdkpy.Install(configuration).run("osler", chart, values=values, wait=False))
        except helm_sdkpy.HelmError as failure:
            error = str(failure)
    return {"objects": created, "error": error}


def main() -> None:
    """See the module's docstring."""
    chart, cases = sys.argv[1], json.load(sys.stdin)
    with api([]) as kubeconfig:
        configuration = helm_sdkpy.Configuration(namespace="ward", kubeconfig=kubeconfig)
        lint = asyncio.run(helm_sdkpy.Lint(configuration).run(chart))
    json.dump({**{name: render(chart, values) for name, values in cases.items()}, "lint": lint}, sys.stdout)


if __name__ == "__main__":
    main()
