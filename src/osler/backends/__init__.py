"""Adapters to model servers. Each implements the port Completer; some implement Embedder too.

`extractive` is the embedded default, which needs no weights; `openai_wire` is any server that speaks
OpenAI's wire. Only `app/build.py` imports them, by name, through the plug-in registry.
"""
