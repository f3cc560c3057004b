"""Personal data: where it is, for how long, and how it goes."""
