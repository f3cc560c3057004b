"""The web app of rates."""

from services.rates.api import router as api
from services.rates.pages.exports import router as exports
from services.rates.pages.extractions import router as extractions
from services.rates.pages.rollups import router as rollups
from services.rates.pages.saved_views import router as saved_views
from services.rates.pages.schools import router as schools
from services.rates.pages.settings import router as settings
from services.rates.pages.status_cards import home_cards, school_cards
from services.rates.pages.table import router as table
from shared.web import service_app
from shared.web.cards import card_routes
from shared.web.files import file_routes

cards = card_routes("rates", "Response rates", home_cards, school_cards)
files = file_routes("rates", "rates.see")
app = service_app("rates", [table, exports, extractions, schools, rollups, settings, saved_views, cards, api, files])
