"""What ingest does: take files in, keep the directory, note the delivery progress of uploads, sign people in and out."""
