"""A model backend for Osler, in a package of its own."""
