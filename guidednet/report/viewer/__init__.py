"""Slices, contours and surfaces of one case."""
