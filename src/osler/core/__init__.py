"""The ground floor: nouns, ports, errors and the plug-in registry. Standard library only."""
