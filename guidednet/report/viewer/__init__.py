"""Views of one case: slices, label maps and surfaces."""
