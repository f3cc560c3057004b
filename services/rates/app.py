"""The web app of rates."""

from services.rates import pages
from services.rates.api import router as api
from services.rates.pages.explained import check_items, setting_lines
from services.rates.pages.status_cards import home_cards, school_cards
from shared.web import routers_of, service_app
from shared.web.cards import card_routes
from shared.web.explained import explained_routes
from shared.web.files import file_routes

cards = card_routes("rates", "Response rates", home_cards, school_cards)
explained = explained_routes("rates", "Response rates", setting_lines, check_items)
files = file_routes("rates", "rates.see")
app = service_app("rates", [*routers_of(pages), cards, explained, api, files])
