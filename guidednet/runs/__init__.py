"""Many runs, each made once: what a run is, where it lies, making it, reading it."""
