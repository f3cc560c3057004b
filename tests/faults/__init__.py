"""The protocol under faults: crash points, seeded chaos, and the counts that must come out."""
