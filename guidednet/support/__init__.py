"""Files, CSV, progress bars and registries."""
