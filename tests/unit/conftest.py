"""Hypothesis draws the same inputs in every run."""

from hypothesis import settings

settings.register_profile("seeded", derandomize=True, deadline=None, database=None, max_examples=25)
settings.load_profile("seeded")
