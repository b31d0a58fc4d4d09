"""Trend embeddings in the libraries that people use already; each module needs its library."""
