"""What of sesr can be seen; every query of schools is cut to the scope of who asks."""
