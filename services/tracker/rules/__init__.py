"""The decisions of the progress tracker and of the LCAP tables."""
