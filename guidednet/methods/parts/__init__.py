"""Building blocks that several methods share: discriminators, heads, cubes."""
