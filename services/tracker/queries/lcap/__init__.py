"""What of the LCAP tables can be seen."""
