"""What can be wrong in the rows of a roster (OneRoster, Ed-Fi): each code with its outcome and what to do.

A row that is rejected is left out; the others are taken. Whatever leaves too many out holds the file.
"""

from typing import Literal

Outcome = Literal["rejected", "warned", "fixed", "noted"]

ROSTER_CODES: dict[str, tuple[Outcome, str]] = {
    "roster_row_torn": (
        "rejected",
        "The row has more or fewer cells than the column names. Export the file again.",
    ),
    "roster_id_missing": ("rejected", "The row has no id, by which the other files name it. Export the file again."),
    "roster_id_twice": (
        "rejected",
        "The id stands in the file more than once with different values. None was taken. Keep the right row.",
    ),
    "roster_status_unknown": ("rejected", "A status is active or tobedeleted. Correct it."),
    "roster_enabled_unknown": ("rejected", "enabledUser is true or false. Correct it."),
    "roster_date_unreadable": ("rejected", "A date of a role is written as 2026-08-15. Correct it."),
    "roster_code_unreadable": (
        "rejected",
        (
            "The school has no cost center code of seven digits, such as 1585701, in the column of the mapping. The"
            " school was left out. Correct it, or choose another column."
        ),
    ),
    "roster_code_twice": (
        "rejected",
        "Several schools have this cost center code. None was taken. Correct it, or choose another column.",
    ),
    "roster_ploc_unreadable": ("rejected", "The school has no PLOC of four digits. The school was left out."),
    "roster_name_missing": ("rejected", "The row has no name. Enter it."),
    "roster_email_unreadable": (
        "rejected",
        "The person has no e-mail address, and cannot sign in or be written to. They were left out. Enter it.",
    ),
    "roster_email_shared": (
        "rejected",
        "Several people have this e-mail address. None was taken. Give each their own.",
    ),
    "roster_org_unknown": (
        "warned",
        "The roster holds no organization of this id. The role there was left out. Export the files together.",
    ),
    "roster_user_unknown": (
        "warned",
        "The roster holds no user of this id. The role was left out. Upload a bulk export, which has every row.",
    ),
    "roster_parent_missing": (
        "warned",
        "The roster holds no organization of this id, which this one names as its parent. Nothing above it is known.",
    ),
    "roster_org_cycle": (
        "warned",
        "The organization is its own parent by way of others. Nothing above it was followed. Correct the parents.",
    ),
    "roster_no_school": ("warned", "There is no school below this organization: the person sees nothing by this role."),
    "roster_undated": (
        "warned",
        "A row of a delta file has no date of its last change. It was taken as the newest. Export it with dates.",
    ),
    "roster_older": ("warned", "The row is older than what an earlier file said, which stays."),
    "roster_level_missing": ("warned", "The level of this new school is not known. Enter it in the directory."),
    "roster_principal_missing": ("warned", "Nobody in the roster is the principal of this school."),
    "roster_file_unlisted": (
        "warned",
        "The manifest calls this file absent. It was not read. Correct the manifest if it should count.",
    ),
    "roster_users_merged": (
        "warned",
        "Several users have this name and e-mail address. They were taken as one person.",
    ),
    "roster_gone": ("noted", "The row is to be deleted. Nothing of it is left."),
    "roster_user_disabled": ("noted", "The user is not enabled, and was left out."),
    "roster_role_ended": ("noted", "The role has ended, or has not begun. It was left out."),
    "roster_director_several": (
        "noted",
        "Several directors cover this school. Its director in the directory was left as it was.",
    ),
    "roster_families": (
        "noted",
        "Rows of students and their families were left out unread. Nothing of them is kept.",
    ),
}
