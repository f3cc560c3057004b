"""The web app of sesr."""

from services.sesr import api, pages
from services.sesr.pages.explained import check_items, setting_lines
from services.sesr.pages.offline import person_context
from services.sesr.pages.status_cards import home_cards, school_cards
from shared.web import routers_of, service_app
from shared.web.cards import card_routes
from shared.web.explained import explained_routes
from shared.web.pages import environment

environment("sesr").globals["person_of"] = person_context
cards = card_routes("sesr", "Strike reports", home_cards, school_cards)
explained = explained_routes("sesr", "Strike reports", setting_lines, check_items)
app = service_app("sesr", [*routers_of(api), *routers_of(pages), cards, explained])
