"""The five services; they communicate only through the events in `shared/events`."""
