"""The door to mail: a digest in words, and the connection to the mail server."""
