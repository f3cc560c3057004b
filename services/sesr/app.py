"""The web app of sesr."""

from services.sesr.pages import router as pages
from shared.web import service_app

app = service_app("sesr", [pages])
