"""What can be done in sesr."""
