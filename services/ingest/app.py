"""The web app of ingest: uploads, the home page, sign-in, the operator's desk, and the static files of all pages."""

from sqlalchemy import text

from services.ingest import api, pages
from services.ingest.pages.explained import check_items, setting_lines
from services.ingest.pages.status_cards import home_cards, school_cards
from shared.ops.metrics import OWN, Gauges
from shared.settings import settings
from shared.web import health_routes, routers_of, service_app
from shared.web.cards import card_routes
from shared.web.explained import explained_routes
from shared.web.static_files import route as static

OWN["ingest"] = Gauges(
    text(
        """
        select coalesce(extract(epoch from now() - max(at)), -1) as backup_age from audit where action = 'backup made'
        """
    ),
    {
        "backup_age": (
            "ses_backup_age_seconds",
            "Age of the newest backup that `ses backup` made, -1 where there is none",
        )
    },
)
MULTIPART_OVERHEAD = 64 * 1024
cards = card_routes("ingest", "Uploads", home_cards, school_cards)
explained = explained_routes("ingest", "Uploads", setting_lines, check_items)
app = service_app(
    "ingest",
    [*routers_of(pages), *routers_of(api), cards, explained, health_routes("ingest")],
    routes=[static],
    body_limit=settings().upload_max_mb * 1024 * 1024 + MULTIPART_OVERHEAD,
)
