"""How the system is started, on one machine or in containers."""
