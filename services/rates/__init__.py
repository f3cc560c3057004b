"""Response rates and tiers per school and respondent group."""
