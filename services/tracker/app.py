"""The web app of tracker."""

from services.tracker import api, pages
from services.tracker.pages.status_cards import home_cards, school_cards
from shared.web import routers_of, service_app
from shared.web.cards import card_routes

cards = card_routes("tracker", "Progress tracker", home_cards, school_cards)
app = service_app("tracker", [cards, *routers_of(pages), *routers_of(api)])
