"""What is done with LCAP tables: loads, what a person settles, renumberings."""
