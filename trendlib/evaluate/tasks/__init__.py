"""The tasks of the evaluation, a module each."""
