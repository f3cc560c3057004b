"""What the district's published LCAP says about its first two years, with which the tracker begins; people edit it.

The renumbering from 2023-24 to 2024-25 and the names of the goals.
"""

from services.tracker.rules.lcap.following import Move

GOAL_YEARS = ("2023-24", "2024-25")
GOALS = {
    1: "Academic Excellence",
    2: "Joy and Wellness",
    3: "Engagement and Collaboration",
    4: "Operational Effectiveness",
    5: "Investing in Staff",
    6: "English Learner Supports",
    7: "Black Student Achievement Plan",
    8: "Mandated School Accountability",
}
_FIRST = GOAL_YEARS[0]
# Action 1.31 was given up, the three behind it moved up; the actions of goal 8 were replaced by others.
MOVES = (
    Move(_FIRST, 1, 31, None),
    Move(_FIRST, 1, 32, (1, 31)),
    Move(_FIRST, 1, 33, (1, 32)),
    Move(_FIRST, 1, 34, (1, 33)),
    *(Move(_FIRST, 8, action, None) for action in range(1, 5)),
)
