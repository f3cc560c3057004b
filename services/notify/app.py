"""The web app of notify."""

from services.notify.api import router as api
from services.notify.pages import router as pages
from shared.web import service_app

app = service_app("notify", [pages, api])
