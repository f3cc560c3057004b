"""The district's decisions about strike reports: counts, time, which report counts, the board."""
