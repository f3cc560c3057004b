"""The platform's rooms."""
