"""The web app of sesr."""

from services.sesr.api.board import router as board_api
from services.sesr.api.incidents import router as incidents_api
from services.sesr.api.reports import router as reports_api
from services.sesr.pages.banner import router as banner_pages
from services.sesr.pages.board import router as board_pages
from services.sesr.pages.chase import router as chase_pages
from services.sesr.pages.held import router as held_pages
from services.sesr.pages.history import router as history_pages
from services.sesr.pages.incidents import router as incident_pages
from services.sesr.pages.offline import person_context
from services.sesr.pages.offline import router as offline_pages
from services.sesr.pages.report import router as report_pages
from services.sesr.pages.status_cards import home_cards, school_cards
from shared.web import service_app
from shared.web.cards import card_routes
from shared.web.pages import environment

PAGES = (history_pages, report_pages, board_pages, chase_pages, held_pages, incident_pages, offline_pages, banner_pages)
environment("sesr").globals["person_of"] = person_context
cards = card_routes("sesr", "Strike reports", home_cards, school_cards)
app = service_app("sesr", [reports_api, board_api, incidents_api, *PAGES, cards])
