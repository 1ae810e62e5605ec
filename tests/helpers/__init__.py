"""What several tests share: tiny cases and runs, made-up scans, whole reproductions."""
