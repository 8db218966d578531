"""Stand-ins for engines that serve models: each enforces the request shapes that its documentation states.

They are no models: they echo the last thing the user said, count words for tokens, and call the first tool that they
are offered. What they refuse, and in which words, follows the engine; "shape-only" is what a test against one is worth.
"""

from osler.testing.engines.llama_cpp import LlamaCppEngine
from osler.testing.engines.ollama import OllamaEngine
from osler.testing.engines.server import Answered, Engine, EngineServer
from osler.testing.engines.tgi import TgiEngine
from osler.testing.engines.vllm import VllmEngine

__all__ = [
    "Answered",
    "Engine",
    "EngineServer",
    "LlamaCppEngine",
    "OllamaEngine",
    "TgiEngine",
    "VllmEngine",
]
