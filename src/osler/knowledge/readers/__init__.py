"""Readers of file formats (plug point `osler.readers`), one module each, and the choice between them."""
