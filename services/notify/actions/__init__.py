"""What notify does: keep tiers and directors, plan digests, send mails."""
