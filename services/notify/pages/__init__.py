"""The pages of notify: what was planned for whom, each mail, the queue without a route, answers, settings."""

from fastapi import APIRouter

from services.notify.pages import answers, mails, mine, overview, refused, reports, routes, settings

router = APIRouter(prefix="/notify", include_in_schema=False)
for part in (overview, mails, refused, routes, answers, mine, reports, settings):
    router.include_router(part.router)
