"""What the articles printed: recomputed, compared, and checked for drift."""
