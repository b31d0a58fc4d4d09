"""The tasks of the evaluation, one module per task."""
