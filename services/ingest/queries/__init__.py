"""What of ingest can be seen: uploads with their delivery progress, the directory, the survey windows."""
