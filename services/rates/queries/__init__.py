"""What of rates can be seen, split by page."""
