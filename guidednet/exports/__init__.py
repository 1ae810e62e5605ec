"""What leaves the project: a table with its runs, and trained networks for other programs."""
