"""The district's decisions on response rates, by subject: tiers, movement, pace, what has arrived, whose schools are whose."""
