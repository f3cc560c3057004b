"""The pages of ingest: home, sign-in, uploads and the operator's desk."""
