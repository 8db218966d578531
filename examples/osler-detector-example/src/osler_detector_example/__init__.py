"""A detector of identifiers for Osler, in a package of its own."""
