"""The pattern pass: structured identifiers by their shape, their field label or their place in a structure."""

from osler.deid.patterns.scanner import PatternScanner

__all__ = ["PatternScanner"]
