"""Everything on one machine: real servers and all programs, started and stopped by one command."""
