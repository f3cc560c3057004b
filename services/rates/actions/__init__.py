"""What rates does, split by what is changed."""
