"""A reader of files for Osler, in a package of its own."""
