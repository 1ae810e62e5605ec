"""Runs, each made once: their identity, where they are stored, how they are made and read."""
