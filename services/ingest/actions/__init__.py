"""What ingest does: take files in, keep the directory, note how far uploads travelled, sign people in and out."""
