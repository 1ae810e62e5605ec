"""Several processes: some share one training, others divide independent work."""
