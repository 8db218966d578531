"""A check of answers for Osler, in a package of its own."""
