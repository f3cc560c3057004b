"""What operations see: the state of a service, its metrics, its logs."""
