"""The one statement that keeps reports and publishes them, however many arrive at a moment."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from shared.delivery.outbox import CHANNEL
from shared.events import ReportSubmitted

# Reports, their audit rows, their events with the deliveries, and the notice to the relay: one statement, so one round
# trip and one commit however many there are. In the order of their ids, so that two such statements do not wait for
# each other.
KEEP = """
with sent as (
  select * from jsonb_to_recordset(%(rows)s::jsonb) as r(report_id uuid, incident_id uuid, school_key text, day date,
    counted_at timestamptz, author text, author_name text, proxy_for text, reason text, supersedes uuid, commander text,
    landline text, cell text, counts jsonb, flags jsonb, note text, carried text[], by_key boolean, action text,
    detail jsonb, event jsonb)),
kept as (
  insert into report(report_id, incident_id, school_key, day, counted_at, author, author_name, proxy_for, reason,
    supersedes, commander, landline, cell, counts, flags, note, carried, by_key)
  select report_id, incident_id, school_key, day, least(counted_at, now()), author, author_name, proxy_for, reason,
    supersedes, commander, landline, cell, counts, flags, note, carried, by_key from sent order by report_id
  on conflict do nothing
  returning report_id, number, counted_at, received_at),
audited as (
  insert into audit(actor, action, object, detail)
  select author, action, report_id::text, detail || jsonb_build_object('number', number)
  from kept join sent using (report_id)),
published as (
  insert into outbox_event(topic, key, version, payload)
  select %(topic)s, report_id::text, 1, (event
    || jsonb_build_object('sequence', number, 'counted_at', kept.counted_at, 'received_at', received_at))::text
  from kept join sent using (report_id)
  returning event_id),
delivered as (
  insert into outbox_delivery(event_id, subscriber)
  select event_id, unnest(%(subscribers)s::text[]) from published),
notified as (select pg_notify(%(channel)s, current_schema()) where exists (select from published))
select report_id, number, received_at, (select count(*) from notified) as notices from kept
"""


def keep_values(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The values of the statement KEEP for reports of different ids."""
    event = {"topic": ReportSubmitted.topic, "subscribers": list(ReportSubmitted.subscribers), "channel": CHANNEL}
    return {**event, "rows": orjson.dumps(rows).decode()}
