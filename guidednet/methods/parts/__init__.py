"""What several methods share: discriminators, heads, cubes."""
