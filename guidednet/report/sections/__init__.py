"""Sections of the page to open first, each a function that returns HTML."""
