"""Computations and figures of the step-by-step notebooks."""
