"""What tracker does, by page and table."""
