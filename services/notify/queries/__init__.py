"""What of notify can be seen: what planning looks at, digests and mails, answers, settings."""
