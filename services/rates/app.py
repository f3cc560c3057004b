"""The web app of rates."""

from services.rates.api import router as api
from services.rates.pages import router as pages
from shared.web import service_app

app = service_app("rates", [pages, api])
