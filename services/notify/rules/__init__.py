"""The district's decisions on alerts: what is news for whom, who a name is, when a mail may go, what a refusal means."""
