"""The five services; each speaks to the others only through the events in `shared/events.py`."""
