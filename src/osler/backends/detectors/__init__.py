"""Detectors that need a library, a model's files or a service: adapters, one file per variant.

`onnx_tokens` and `transformers_tokens` run a token classifier from a local folder, `gliner` a GLiNER model,
`presidio` Presidio's pattern recognizers, `remote` asks a service over HTTP. Each implements the port
`osler.core.ports.detector.Detector` and is made by name, through the plug-in registry, when `deid.extra_detectors`
names it. None downloads anything. What they find joins what the built-in rules find; see
docs/reference/detector-plugins.md.
"""
