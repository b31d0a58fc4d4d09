"""Trend embeddings in the libraries that people use already; each module needs its library."""

EXTRAS = {
    "onnx": "onnx",
    "ray_data": "ray",
    "scikit_learn": "evaluate",
    "sentence_transformers": "all",
}
"""The extra of this package that each module needs."""
