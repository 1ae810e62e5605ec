"""The figures of the paper, a file each, and what they share."""
