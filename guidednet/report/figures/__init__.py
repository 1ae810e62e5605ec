"""The figures of the paper, one file each, and their shared parts."""
