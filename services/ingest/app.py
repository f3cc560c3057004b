"""The web app of ingest: uploads, the home page, sign-in, the operator's desk, and the static files of all pages."""

from services.ingest.api import directory as directory_api
from services.ingest.api import uploads as uploads_api
from services.ingest.api import windows as windows_api
from services.ingest.pages.access import router as access
from services.ingest.pages.confirmations import router as confirmations
from services.ingest.pages.directory import router as directory
from services.ingest.pages.home import router as home
from services.ingest.pages.ops import router as ops
from services.ingest.pages.schools import router as schools
from services.ingest.pages.sign_in import router as sign_in
from services.ingest.pages.status_cards import home_cards, school_cards
from services.ingest.pages.upload import router as upload
from services.ingest.pages.uploads import router as uploads
from services.ingest.pages.windows import router as windows
from shared.settings import settings
from shared.web import health_routes, service_app
from shared.web.cards import card_routes
from shared.web.static_files import route as static

MULTIPART_OVERHEAD = 64 * 1024
app = service_app(
    "ingest",
    [
        home,
        card_routes("ingest", "Uploads", home_cards, school_cards),
        schools,
        sign_in,
        access,
        confirmations,
        uploads,
        upload,
        directory,
        windows,
        ops,
        uploads_api,
        directory_api,
        windows_api,
        health_routes("ingest"),
    ],
    routes=[static],
    body_limit=settings().upload_max_mb * 1024 * 1024 + MULTIPART_OVERHEAD,
)
