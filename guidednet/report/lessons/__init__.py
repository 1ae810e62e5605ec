"""What the step-by-step notebooks compute and draw."""
