"""The run that knows nothing of the inside: clients with a journal, faults by process and network, and an independent model."""
