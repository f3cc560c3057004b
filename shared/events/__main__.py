"""Prints the map of the events: `python -m shared.events`."""

from shared.events import EVENTS

if __name__ == "__main__":
    for topic, event in sorted(EVENTS.items()):
        print(f"{topic:<30} {event.__name__:<22} -> {', '.join(event.subscribers.values())}")
