"""The weights of one run."""
