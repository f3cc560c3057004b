"""The district's decisions on files: which column is which, what a row must hold, what is wrong and what becomes of it."""
