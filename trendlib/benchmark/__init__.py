"""The measurements of `make bench` that the book shows."""
