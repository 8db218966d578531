"""One file per port: the Protocol, its value types, its errors. Nothing here does any work."""
