"""Files in and out: safe spreadsheets and text tables, many rows into PostgreSQL at once."""
