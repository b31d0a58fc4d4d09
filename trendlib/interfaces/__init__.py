"""Trend embeddings in other libraries; each module needs its library."""

EXTRAS = {
    "onnx": "onnx",
    "ray_data": "ray",
    "scikit_learn": "evaluate",
    "sentence_transformers": "all",
}
"""The extra of this package that each module needs."""
