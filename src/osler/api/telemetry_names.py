"""Names of spans and attributes, all in one place.

HTTP, server and error names are of OpenTelemetry's semantic conventions 1.44 (stable); `gen_ai.*` are those of its
GenAI conventions as of 1.44 (in development there: they may still change). What is Osler's own begins with `osler.`.
"""

SCHEMA = "https://opentelemetry.io/schemas/1.44.0"

TRACEPARENT = "traceparent"
"""The header of W3C Trace Context."""

# resource
SERVICE_NAME = "service.name"
SERVICE_VERSION = "service.version"
SERVICE_INSTANCE = "service.instance.id"

# the server's span: `POST /v1/chat/completions`
HTTP_METHOD = "http.request.method"
HTTP_ROUTE = "http.route"
HTTP_STATUS = "http.response.status_code"
URL_SCHEME = "url.scheme"
ERROR_TYPE = "error.type"

# a call of a model server: `chat MODEL`
GEN_AI_OPERATION = "gen_ai.operation.name"
GEN_AI_PROVIDER = "gen_ai.provider.name"
GEN_AI_REQUEST_MODEL = "gen_ai.request.model"
GEN_AI_INPUT_TOKENS = "gen_ai.usage.input_tokens"
GEN_AI_OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
GEN_AI_FINISH_REASONS = "gen_ai.response.finish_reasons"
GEN_AI_INPUT_MESSAGES = "gen_ai.input.messages"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
CHAT = "chat"
TEXT_COMPLETION = "text_completion"
PROVIDERS = {"openai_wire": "openai"}
"""Backends whose name is not that of their provider."""

# our own
REQUEST_ID = "osler.request_id"
OUTCOME = "osler.outcome"
DESTINATION = "osler.destination"
MODEL = "osler.model"
RULE = "osler.rule"
CODE = "osler.error.code"
REUSED = "osler.reused"
COST = "osler.cost_usd"
IDENTIFIERS = "osler.phi.found"
CALL_OUTCOME = "osler.call.outcome"
