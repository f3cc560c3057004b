"""The API of ingest: uploads, the directory and survey windows."""
