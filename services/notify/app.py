"""The web app of notify."""

from sqlalchemy import text

from services.notify import pages
from services.notify.api import router as api
from services.notify.pages.explained import check_items, setting_lines
from services.notify.pages.status_cards import home_cards, school_cards
from shared.ops.metrics import OWN, Gauges
from shared.web import routers_of, service_app
from shared.web.cards import card_routes
from shared.web.explained import explained_routes

OWN["notify"] = Gauges(
    text(
        """
        select count(*) filter (where state in ('queued','sending')) as mails_waiting,
        coalesce(extract(epoch from now() - min(queued_at) filter (where state in ('queued','sending'))), 0)
         as mail_oldest,
        count(*) filter (where state = 'failed' and queued_at > now() - interval '1 day') as mails_failed,
        count(*) filter (where unknown > 0 and queued_at > now() - interval '1 day') as mails_unknown from mail
        """
    ),
    {
        "mails_waiting": ("ses_mails_waiting", "Mails that were not accepted yet"),
        "mail_oldest": ("ses_mails_oldest_seconds", "Age of the oldest mail that was not accepted yet"),
        "mails_failed": (
            "ses_mails_failed",
            "Mails of the last day that were refused for good, or whose outcome is not known",
        ),
        "mails_unknown": ("ses_mails_unknown", "Mails of the last day that may have been sent twice"),
    },
)
cards = card_routes("notify", "Alerts", home_cards, school_cards)
explained = explained_routes("notify", "Alerts", setting_lines, check_items)
app = service_app("notify", [*routers_of(pages), cards, explained, api])
