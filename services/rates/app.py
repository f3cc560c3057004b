"""The web app of rates."""

from services.rates.api import router as api
from services.rates.pages.table import router as table
from shared.web import service_app

app = service_app("rates", [table, api])
