"""Files, CSV and progress bars."""
