"""Mail to regional directors about their schools still in Tier 1."""
