"""Takes each guard of the protocol out of a copy of the code and runs the test that must then fail.

`python -m tests.faults.guards [NAME...]` prints a table; it ends with 1 when a test did not miss its guard.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
SECONDS = 300
HUNG = "from pytest-timeout"
FAULTS = "tests/faults/test_"


class Guard(NamedTuple):
    """A guard, the ways of losing or doubling that it stands against, its changes (file, text, without), and its test."""

    name: str
    ways: str
    changes: tuple[tuple[str, str, str], ...]
    test: str


_DONE = "                _done(session, [event_id])\n        return None\n"
_DONE_LATER = (
    "        with transaction(service) as session:\n            _done(session, [event_id])\n        return None\n"
)
_BATCH_DONE = "    _done(session, [row.event_id for row in rows[:handled]])\n"
_RECEIPT = "        self._give_receipt(envelopes[0].publisher, receipt_message(event_ids, self.service))\n"
_ARRIVE = "        inbox.arrive(self.service, *envelopes)\n"
_CLAIMED = "order by next_at, event_id limit %s for update skip locked"
_CLAIMED_JOBS = "and next_at <= now() and exists (select 1 from job where due_at <= now() and next_at <= now())\n      for update skip locked)"
_DUE_AGAIN = "order by next_at limit 1 for update skip locked)"
_SLOT = "where name = :name and due_at <= now() for update skip locked"
_BEGIN = "autoflush=False) as session, session.begin():\n        yield session\n"
_UNTOLD = (
    "autoflush=False) as session:\n        try:\n            yield session\n            session.commit()\n"
    "        except Exception:\n            session.rollback()\n"
)
CRASH_TOGETHER = (
    f"{FAULTS}crash_points.py::test_events_that_travel_together_have_their_effects_once_wherever_their_way_is_cut"
)
CRASH = f"{FAULTS}crash_points.py::test_an_event_has_its_effect_once_wherever_its_way_is_cut"
SET = f"{FAULTS}guards.py::test_celery_is_set_as_it_was_measured"
MACHINE = f"{FAULTS}protocol.py::test_each_effect_is_there_once_and_never_goes_backwards_whatever_happens_on_the_way"

GUARDS = (
    Guard("an event is sent again until its receipt is there", "1, 2, 10, 14, 21", (
        ("shared/delivery/relay.py", "where subscriber = %s and state in ('pending','sent')", "where subscriber = %s and state in ('pending')"),
    ), CRASH),
    Guard("a connection that the database ended is made anew", "PostgreSQL restart", (
        ("shared/db.py", "        pool_pre_ping=True,\n", ""),
    ), f"{FAULTS}guards.py::test_a_connection_that_the_database_ended_is_made_anew_before_it_is_used"),
    Guard("what is due is asked of the database's clock", "clock skew", (
        ("shared/delivery/relay.py", "            self.beat_at = time.monotonic()\n", "            self.beat_at = time.time()\n"),
    ), f"{FAULTS}guards.py::test_whether_something_is_due_is_asked_of_the_clock_of_the_database_alone"),
    Guard("the effect and `done` are one commit", "2", (
        ("shared/delivery/inbox.py", _DONE, _DONE_LATER),
    ), CRASH),
    Guard("the effects of a batch and their `done` are one commit", "2", (
        ("shared/delivery/inbox.py", _BATCH_DONE, ""),
        ("shared/delivery/inbox.py", "        failures: list[Failure] = []\n    except", "        with transaction(service) as session:\n            _done(session, event_ids)\n        failures: list[Failure] = []\n    except"),
    ), CRASH_TOGETHER),
    Guard("a batch that fails has its events run alone", "4", (
        ("shared/delivery/inbox.py", "        failures, left = _run_each(service, event_ids, handlers, until)\n", "        failures, left = [], []\n"),
    ), "tests/shared/test_batches.py::test_a_poison_event_fails_and_parks_alone_and_flower_shows_the_task_as_failed"),
    Guard("a receipt is for what its message held", "17", (
        ("shared/delivery/envelope.py", 'return _framed("receipt", subscriber, *event_ids)', 'return _framed("receipt", subscriber)'),
    ), "tests/shared/test_batches.py::test_a_batch_is_signed_as_a_whole_and_so_is_its_receipt"),
    Guard("what was to wait for seconds does not wait until a clock is where it was", "clock skew", (
        ("shared/delivery/relay.py", "            for statement in _CLOCK_SET_BACK:\n                connection.execute(statement)\n", "            pass\n"),
    ), f"{FAULTS}relay.py::test_what_waits_for_a_clock_that_was_set_back_is_due_again"),
    Guard("the event is kept before its receipt is given", "1, 2", (
        ("shared/delivery/bus.py", _ARRIVE + _RECEIPT, _RECEIPT + _ARRIVE),
    ), f"{FAULTS}guards.py::test_a_receipt_is_given_only_for_what_is_kept"),
    Guard("an event that is done is not run again", "5, 7, 9, 23", (
        ("shared/delivery/inbox.py", "event_id = any(:event_ids) and state = 'new'\n    order by received_at", "event_id = any(:event_ids)\n    order by received_at"),
    ), MACHINE),
    Guard("a newer state is not overwritten by an older one", "26, 27", (
        ("shared/delivery/arrivals.py", "where directory_arrival.revision <= excluded.revision returning", "returning"),
        ("services/rates/actions/intake.py", 'upsert(session, School, rows, newer="revision")', "upsert(session, School, rows)"),
    ), MACHINE),
    Guard("two relays never claim the same event (skip locked)", "30", (
        ("shared/delivery/relay.py", _CLAIMED, "order by next_at, event_id limit %s"),
    ), f"{FAULTS}relay.py::test_what_another_relay_is_claiming_is_neither_waited_for_nor_sent"),
    Guard("a relay does not wait for another's claim (skip locked)", "30", (
        ("shared/delivery/relay.py", _CLAIMED, "order by next_at, event_id limit %s for update"),
    ), f"{FAULTS}relay.py::test_what_another_relay_is_claiming_is_neither_waited_for_nor_sent"),
    Guard("two relays never ring for the same job (skip locked)", "30", (
        ("shared/delivery/relay.py", _CLAIMED_JOBS, _CLAIMED_JOBS.replace("\n      for update skip locked", "")),
    ), f"{FAULTS}relay.py::test_a_job_that_another_relay_is_claiming_is_neither_waited_for_nor_rung"),
    Guard("two workers never run the same event (skip locked)", "5, 23", (
        ("shared/delivery/inbox.py", "order by received_at, event_id for update skip locked", "order by received_at, event_id"),
    ), f"{FAULTS}guards.py::test_an_event_that_another_worker_is_at_is_neither_waited_for_nor_run"),
    Guard("two sweeps never claim the same event (skip locked)", "30", (
        ("shared/delivery/inbox.py", _DUE_AGAIN, "order by next_at limit 1)"),
    ), f"{FAULTS}guards.py::test_a_due_event_that_another_sweep_is_claiming_is_not_waited_for"),
    Guard("two workers never do the same slot (skip locked)", "30", (
        ("shared/delivery/bus.py", _SLOT, "where name = :name and due_at <= now()"),
    ), f"{FAULTS}guards.py::test_a_slot_that_another_worker_is_at_is_neither_waited_for_nor_done_twice"),
    Guard("a job is done once per slot (key of job_log)", "30", (
        ("shared/delivery/bus.py", "select name, due_at from j on conflict do nothing returning", "select name, clock_timestamp() from j returning"),
    ), f"{FAULTS}guards.py::test_a_slot_that_was_done_is_not_done_again_when_the_clockwork_is_put_back"),
    Guard("an attempt is counted before the run", "4", (
        ("shared/delivery/inbox.py", "update inbox i set attempts = attempts + 1, next_at", "update inbox i set next_at"),
    ), "tests/shared/test_delivery.py::test_an_event_that_kills_its_worker_each_time_is_parked_too"),
    Guard("an event that keeps failing is parked", "4", (
        ("shared/delivery/inbox.py", "state = case when attempts >= :most then 'parked' else state end", "state = state"),
        ("shared/delivery/inbox.py", "state = case when attempts >= :most then 'parked' else 'new' end", "state = 'new'"),
    ), "tests/shared/test_delivery.py::test_an_event_that_keeps_failing_is_parked_and_the_next_one_goes_on"),
    Guard("into a backlog nothing is sent", "25, 34", (
        ("shared/delivery/relay.py", "room = min(AT_ONCE, BACKLOG - ", "room = max(AT_ONCE, BACKLOG - "),
    ), f"{FAULTS}relay.py::test_into_a_backlog_nothing_more_is_sent_until_the_hearer_has_taken_some"),
    Guard("what the broker refused is given back", "12, 16", (
        ("shared/delivery/relay.py", 'connection.execute(_GIVE_BACK, {"failed": failed, "subscriber": subscriber, "unsent": unsent})', "pass"),
    ), f"{FAULTS}relay.py::test_what_a_broker_refused_is_sent_again_after_seconds_and_the_rest_of_the_claim_at_once"),
    Guard("nobody waits inside send_task for a broker that refuses", "18, 20", (
        ("shared/delivery/bus.py", '"max_retries": 0,', ""),
    ), f"{FAULTS}relay.py::test_what_a_broker_refused_is_sent_again_after_seconds_and_the_rest_of_the_claim_at_once"),
    Guard("a publish into a half-open connection ends (socket_timeout)", "18", (
        ("shared/delivery/bus.py", '"socket_timeout": 5,', ""),
    ), f"{FAULTS}relay.py::test_a_broker_that_answers_nothing_any_more_stops_a_turn_for_seconds_not_for_ever"),
    Guard("a failed acknowledgement gives its place back", "15", (
        ("shared/delivery/bus.py", "kombu_redis.QoS.ack = _ack  # type: ignore[method-assign]", ""),
    ), f"{FAULTS}guards.py::test_an_acknowledgement_that_the_broker_did_not_take_gives_its_place_back"),
    Guard("a worker that hears nothing ends itself (watchdog)", "15, 19, 22", (
        ("shared/delivery/worker.py", "            os.killpg(os.getpgid(0), signal.SIGKILL)\n", ""),
    ), f"{FAULTS}guards.py::test_a_worker_that_hears_nothing_any_more_ends_itself_and_the_next_one_does_what_waits"),
    Guard("what ends by itself is started again (supervisor)", "16, 17, 33", (
        ("deploy/embedded/supervisor.py", "            if run.stopping.is_set():\n                return\n            delay", "            return\n            delay"),
    ), "tests/deploy/test_supervisor.py::test_a_dead_child_is_started_again_and_the_children_it_left_are_killed"),
    Guard("a child makes its connections after the fork", "31", (
        ("shared/delivery/bus.py", "    engine.cache_clear()\n", "    pass\n"),
    ), f"{FAULTS}guards.py::test_a_forked_child_makes_connections_of_its_own"),
    Guard("each service has its own keys of what is unacknowledged", "7", (
        ("shared/delivery/bus.py", '            "unacked_key": f"{service}.unacked",\n', '            "unacked_key": "unacked",\n'),
    ), f"{FAULTS}guards.py::test_celery_is_set_as_it_was_measured"),
    Guard("acknowledged early, no results, no prefetched hoard", "3, 5, 8, 23, 24, 25, 29", (
        ("shared/delivery/bus.py", "task_acks_late=False", "task_acks_late=True"),
    ), f"{FAULTS}guards.py::test_celery_is_set_as_it_was_measured"),
    Guard("a worker takes no more than it does (prefetch)", "25", (
        ("shared/delivery/bus.py", "worker_prefetch_multiplier=1", "worker_prefetch_multiplier=4"),
    ), SET),
    Guard("no result is kept", "29", (("shared/delivery/bus.py", "task_ignore_result=True", "task_ignore_result=False"),), SET),
    Guard("connecting is never given up", "20", (
        ("shared/delivery/bus.py", "broker_connection_max_retries=None", "broker_connection_max_retries=100"),
    ), SET),
    Guard("a dead connection of a subscriber is noticed (health check)", "19", (
        ("shared/delivery/bus.py", '            "health_check_interval": 10,\n', ""),
    ), SET),
    Guard("the remote control stays on", "15", (
        ("shared/delivery/bus.py", "worker_enable_remote_control=True", "worker_enable_remote_control=False"),
    ), SET),
    Guard("a task ends after its time (hard limit)", "24", (("shared/delivery/bus.py", "        task_time_limit=45,\n", ""),), SET),
    Guard("replies of the remote control go away", "28", (
        ("shared/delivery/bus.py", "        control_queue_expires=60.0,\n", ""),
    ), f"{FAULTS}guards.py::test_celery_is_set_as_it_was_measured"),
    Guard("no ETA, countdown, expiry or retry of Celery's", "6, 32", (
        ("shared/delivery/relay.py", "queue=queue, ignore_result=True)", "queue=queue, countdown=1, ignore_result=True)"),
    ), "tests/test_rooms.py::test_nothing_relies_on_the_clock_of_celery_or_on_pickle"),
    Guard("a full broker refuses (noeviction)", "12, 13", (
        ("deploy/embedded/servers.py", "maxmemory-policy noeviction", "maxmemory-policy allkeys-lru"),
    ), f"{FAULTS}guards.py::test_a_full_broker_refuses_and_never_forgets"),
    Guard("no service may empty the broker or read another's queue", "10, 33", (
        ("shared/delivery/acl.py", "+@all -@admin -@dangerous", "+@all"),
    ), "tests/deploy/test_acl.py::test_a_service_reaches_its_own_queues_and_those_it_speaks_to_and_no_other"),
    Guard("queues are spoken to by their names", "11", (
        ("shared/delivery/relay.py", '            queue=f"{subscriber}.events",\n', '            exchange="ses", exchange_type="direct", routing_key=f"{subscriber}.events", declare=[],\n'),
    ), f"{FAULTS}relay.py::test_a_broker_that_forgot_its_queues_hears_a_relay_that_has_long_been_connected"),
    Guard("an event's signature is checked", "17", (
        ("shared/delivery/envelope.py", "    _verify(publisher, _signed_part(envelopes), signature)\n", ""),
    ), "tests/shared/test_delivery.py::test_a_forged_or_altered_event_is_refused_without_a_trace"),
    Guard("a receipt's signature is checked", "17", (
        ("shared/delivery/envelope.py", "    _verify(subscriber, _receipt_part(ids, subscriber), signature)\n", ""),
    ), "tests/shared/test_delivery.py::test_a_receipt_of_anybody_else_does_not_end_a_delivery"),
    Guard("an unknown topic holds up nobody", "33", (
        ("shared/delivery/relay.py", "if first.topic in EVENTS else None", ""),
    ), f"{FAULTS}relay.py::test_an_event_that_only_a_newer_version_knows_holds_up_nobody_and_waits"),
    Guard("a mail is claimed before it is sent, and settled once", "mail", (
        ("services/notify/actions/sending.py", " limit 1 for update of m skip locked", " limit 1"),
    ), "tests/notify/test_sending.py::test_a_distant_server_gets_several_connections_and_each_mail_once"),
    Guard("a mail server that is away pauses all mails", "mail", (
        ("services/notify/actions/sending.py", "            settling.pause(session, error.failure, str(error))\n", "            pass\n"),
    ), f"{FAULTS}outages.py::test_after_a_day_without_a_mail_server_each_director_gets_one_mail"),
    Guard("a transaction that failed is told to whom it was for", "disk full", (
        ("shared/db.py", _BEGIN, _UNTOLD),
    ), f"{FAULTS}outages.py::test_what_was_confirmed_before_and_while_the_database_disk_was_full_has_its_effect_once"),
    Guard("a report is recorded once and the newest counts", "sesr", (
        ("services/sesr/rules/reports.py", "key=lambda r: (r.counted_at, r.number))", "key=lambda r: 0)"),
    ), f"{FAULTS}protocol.py::test_reports_in_any_order_repetition_and_batch_make_the_same_board"),
    Guard("a report that comes twice is kept once", "PostgreSQL restart", (
        ("services/sesr/actions/keeping.py", "sent order by report_id\n  on conflict do nothing\n", "sent order by report_id\n"),
    ), "tests/sesr/test_together.py::test_a_report_that_another_copy_kept_after_the_look_is_that_one"),
    Guard("what has no receipt is not purged", "retention", (
        ("shared/delivery/bus.py", "d.event_id = e.event_id and d.state <> 'acked')", "d.event_id = e.event_id and false)"),
    ), "tests/faults/test_backup.py::test_an_event_without_a_receipt_is_never_purged"),
)  # fmt: skip


def copy(to: Path) -> None:
    shutil.copytree(
        ROOT, to, symlinks=True, ignore=shutil.ignore_patterns(".git", ".venv", ".data", "__pycache__", ".*_cache")
    )


def missed(guard: Guard, place: Path) -> str:
    """What the test says without the guard; `passed` is bad news."""
    for path, present, without in guard.changes:
        file = place / path
        content = file.read_text()
        assert content.count(present) == 1, f"{guard.name}: look again at {path}"
        file.write_text(content.replace(present, without))
    env = {**os.environ, "PYTHONPATH": str(place), "FAULTS_EVERY": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "--timeout",
        str(SECONDS),
        guard.test,
    ]
    ran = subprocess.run(command, cwd=place, env=env, capture_output=True, text=True, check=False)
    for path, present, without in guard.changes:
        file = place / path
        file.write_text((ROOT / path).read_text())
    if ran.returncode not in (0, 1) or (ran.returncode == 1 and " failed" not in ran.stdout):
        return f"not run: {ran.stdout[-300:]} {ran.stderr[-300:]}"
    if HUNG in ran.stdout:
        return "failed: it never ended"  # without some guards; or this machine has much else to do
    return "passed" if ran.returncode == 0 else "failed"


def main(names: list[str]) -> None:
    """Tries the guards whose name has one of the words, all without a word."""
    wanted = [guard for guard in GUARDS if not names or any(name in guard.name for name in names)]
    answers = []
    with tempfile.TemporaryDirectory(prefix="ses-guards-") as folder:
        place = Path(folder) / "copy"
        copy(place)
        for guard in wanted:
            answers.append(missed(guard, place))
            print(
                f"| {guard.name} | {guard.ways} | `{guard.test.partition('::')[2] or guard.test}` | {answers[-1]} |",
                flush=True,
            )
    if not all(answer.startswith("failed") for answer in answers):
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
