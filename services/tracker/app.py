"""The web app of tracker."""

from services.tracker import api, pages
from services.tracker.pages.explained import check_items, setting_lines
from services.tracker.pages.status_cards import home_cards, school_cards
from shared.web import routers_of, service_app
from shared.web.cards import card_routes
from shared.web.explained import explained_routes
from shared.web.files import file_routes

cards = card_routes("tracker", "Progress tracker", home_cards, school_cards)
explained = explained_routes("tracker", "Progress tracker", setting_lines, check_items)
files = file_routes("tracker", "tracker.see")
app = service_app("tracker", [cards, explained, files, *routers_of(pages), *routers_of(api)])
