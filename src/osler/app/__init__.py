"""Configuration to platform: the one place where everything is wired."""
