"""Settings, addresses and entry points of an installation; nothing else."""
