"""What of tracker can be seen."""
