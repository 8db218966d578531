"""The HTTP edge: OpenAI's wire in front of the pipeline. Thin: parse, call one workflow, render."""
