"""Which runs each table and figure needs."""
