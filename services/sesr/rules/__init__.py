"""The district's decisions about strike reports: counts, time, what stands, the board."""
