"""The web app of tracker."""

from services.tracker.api.books import router as book_api
from services.tracker.api.district import router as district_api
from services.tracker.api.lcap import router as lcap_api
from services.tracker.api.schools import router as school_api
from services.tracker.pages.books import router as books
from services.tracker.pages.district import router as district
from services.tracker.pages.exports import router as exports
from services.tracker.pages.imports import router as imports
from services.tracker.pages.lcap.loads import router as lcap_loads
from services.tracker.pages.lcap.measures import router as lcap_measures
from services.tracker.pages.lcap.spending import router as lcap_spending
from services.tracker.pages.lcap.years import router as lcap_years
from services.tracker.pages.plan import router as plan
from services.tracker.pages.schools import router as schools
from services.tracker.pages.start import router as start
from services.tracker.pages.status_cards import home_cards, school_cards
from shared.web import service_app
from shared.web.cards import card_routes

cards = card_routes("tracker", "Progress tracker", home_cards, school_cards)
pages = [start, cards, books, imports, plan, schools, district, exports]
lcap = [lcap_loads, lcap_spending, lcap_measures, lcap_years]
app = service_app("tracker", [*pages, school_api, book_api, district_api, *lcap, lcap_api])
