"""What each user of the broker may do: its own queues, the queues it sends to, and nothing of anybody else."""

import hashlib

from shared.events import EVENTS
from shared.settings import SERVICES, Settings

# No scripts: one that does not end would stop the broker for all (shared/delivery/no_scripts.py does without).
_COMMANDS = "+@all -@admin -@dangerous -@scripting -spublish +client|setinfo +client|setname +info"
_CELERY_KEYS = "~_kombu.* ~*celery.pidbox*"
# Channels are compared literally by PSUBSCRIBE: no wider pattern is let in.
_ORDERS, _NOTES = "&/0.celery.pidbox", "&/0.celeryev/*"
# A worker takes orders (what is active, stop) and notes what it does; only Flower gives orders and reads the notes.
_WORKER = f"-publish {_ORDERS} (+publish {_NOTES})"
_FLOWER = f"{_ORDERS} {_NOTES}"


def users(settings: Settings) -> list[str]:
    """The lines of an ACL file: one user per service, one for Flower, none by default; passwords only as SHA-256."""
    services = [_user(settings, service, service_keys(service), _WORKER) for service in SERVICES]
    queues = " ".join(f"%R~{service}.*" for service in SERVICES)
    return ["user default off", *services, _user(settings, "flower", f"~flower.* {queues} ~celeryev.*", _FLOWER)]


def service_keys(service: str) -> str:
    """Its own keys, the queues of its subscribers, and the receipt queues of its publishers."""
    subscribers = {
        subscriber for event in EVENTS.values() if event.publisher() == service for subscriber in event.subscribers
    }
    publishers = {event.publisher() for event in EVENTS.values() if service in event.subscribers}
    others = {f"~{subscriber}.events*" for subscriber in subscribers} | {
        f"~{publisher}.receipts*" for publisher in publishers
    }
    return " ".join([f"~{service}.*", *sorted(key for key in others if not key.startswith(f"~{service}."))])


def _user(settings: Settings, name: str, keys: str, channels: str) -> str:
    password = settings.redis_password_of(name)
    digest = hashlib.sha256(password.encode()).hexdigest()
    return f"user {name} on #{digest} resetchannels {_COMMANDS} {keys} {_CELERY_KEYS} {channels}"
