"""The checks, one file each. Plug point `osler.checks`."""
