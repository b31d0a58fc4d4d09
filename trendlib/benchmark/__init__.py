"""What `make bench` measured, as the book shows it."""
