"""A digest in words: subject, plain text and HTML with inlined style."""
