"""The gateways that `run.py gateway` measures, Osler in several settings among them, and what is asked of them."""
