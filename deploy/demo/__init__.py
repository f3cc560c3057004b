"""The demo district: invented schools, people, extractions and results, the same for the same seed."""
