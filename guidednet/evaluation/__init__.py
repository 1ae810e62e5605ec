"""From label maps to scores."""
