"""What the articles printed, recomputed and compared, and watched for drift."""
