"""Osler: run large language models on clinical work, with the attending's duties built in."""

__version__ = "0.1.0"
