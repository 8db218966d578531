"""What the commands do. Loaded by name from `osler.cli`."""
