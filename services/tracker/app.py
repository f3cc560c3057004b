"""The web app of tracker."""

from services.tracker.pages import router as pages
from shared.web import service_app

app = service_app("tracker", [pages])
