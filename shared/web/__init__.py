"""The web side of every service: one app factory, sessions, permissions, pages, errors and headers."""

from shared.web.app import health_routes, routers_of, service_app
from shared.web.pages import page, redirect
from shared.web.requests import Db, allow, public
from shared.web.undo import back, done

__all__ = ["Db", "allow", "back", "done", "health_routes", "page", "public", "redirect", "routers_of", "service_app"]
