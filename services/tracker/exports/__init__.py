"""Files that tracker gives out."""
