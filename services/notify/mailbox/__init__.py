"""The door to mail that comes in: the folder it is read from, and the child that reads what each mail says."""
