"""The pages of the LCAP tables."""
