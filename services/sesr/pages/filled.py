"""The report form as it is filled in: what a browser without script sends, and what it starts with."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict

from services.sesr.actions.submission import Submission
from services.sesr.rules.counts import EXTRAS, FLAGS, INPUTS, status_of

Blank = BeforeValidator(lambda text: text or None)
OptionalId = Annotated[UUID | None, Blank]
ANSWERS = {"yes": True, "no": False}


class FilledForm(BaseModel):
    """The form as it was sent; the counts are among the extra fields. Without `day` it is for the day of the count."""

    model_config = ConfigDict(extra="allow")

    report_id: UUID
    school_key: str
    incident_id: UUID
    day: Annotated[date | None, Blank] = None
    commander: str = ""
    landline: str = ""
    cell: str = ""
    media: str = ""
    outside_group: str = ""
    status: str = ""
    supersedes: OptionalId = None
    same_as: OptionalId = None
    based_on: OptionalId = None
    after: OptionalId = None
    confirmed_incident: str = ""
    counted_time: str = ""
    reason: str = ""
    proxy_for: str = ""
    confirmed_zero: str = ""

    def submission(self) -> Submission:
        extra = self.model_extra or {}
        names = {
            "report_id",
            "school_key",
            "incident_id",
            "day",
            "commander",
            "landline",
            "cell",
            "supersedes",
            "status",
        }
        more = {"same_as", "based_on", "after", "reason", "proxy_for", "counted_time"}
        return Submission(
            **self.model_dump(include=names | more),
            counts={count.name: extra.get(count.name, "") for count in (*INPUTS, *EXTRAS)},
            flags={name: ANSWERS.get(getattr(self, name)) for name in FLAGS},
            confirmed_incident=self.confirmed_incident == "yes",
            confirmed_zero=self.confirmed_zero == "yes",
        )

    def fields(self) -> dict[str, Any]:
        """Every field by name, to show the form again."""
        return {**self.model_dump(exclude=set(self.model_extra or {})), **(self.model_extra or {})}


def inputs_of(counts: dict[str, int | None]) -> dict[str, int | None]:
    """What was typed into a report, without the totals that were prefilled."""
    return {count.name: counts.get(count.name) for count in (*INPUTS, *EXTRAS)}


def answers_of(flags: dict[str, bool]) -> dict[str, str]:
    """Flags as the form's radio buttons answer them; one that was not answered is not ticked."""
    return {name: "yes" if flags[name] else "no" for name in FLAGS if name in flags}


def started_from(last: Any, flags: dict[str, bool]) -> dict[str, Any]:
    """The form's fields as the last report leaves them; `flags` are those of the day."""
    counts = {name: "" if value is None else value for name, value in inputs_of(last.counts).items()}
    zero = {"confirmed_zero": "yes"} if last.counts.get("students_present") == 0 else {}
    return {**counts, **answers_of(flags), "status": status_of(flags), **zero, "based_on": str(last.report_id)}
