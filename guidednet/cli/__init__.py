"""The command line: one file for the options, one for what each command does."""
