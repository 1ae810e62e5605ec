"""Several processes: those that share a training, and those that divide independent work."""
