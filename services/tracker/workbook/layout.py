"""Where everything is in the workbook: headings, columns and the blank-safe formulas, for any number of years."""

from collections.abc import Sequence

from xlsxwriter.utility import xl_col_to_name

FIXED = (
    "Strategic Plan Pillar and Priority",
    "School Experience Survey Metric",
    "Strategic Plan District Goal for June, {final}",
    "GROUP / School Experience Survey Item",
    "Survey Category / Content Area",
    "Goal Percentage Point Increase",
)
ITEM, INCREASE, BASELINE = 3, 5, 6
OWNER = ("School", "PLOC", "Cost Center Code")
# The hidden cell by which a row is known wherever it stands: school, level and item.
KEY_HEADING, KEY_MARK = "Row key", "ses"
STAMP_SHEET = "Export stamp"
STAMP = "ses-tracker"
STAMP_VERSION = f"{STAMP}-2"
# Where the hidden sheet names the plan, behind any number of years.
PLAN_COLUMN = 40
ABOUT_SHEET = "About"
PENDING, MET, NOT_MET = "PENDING", "MET", "NOT MET"


class BookLayout:
    """The columns (0-based) for these years and the year of the goal; the first year is the baseline."""

    def __init__(self, periods: Sequence[str], final_label: str) -> None:
        self.periods = list(periods)
        self.final_label = final_label
        self.years = len(periods) - 1
        self.targets = [BASELINE + 1 + 3 * year for year in range(self.years)]
        self.results = [column + 1 for column in self.targets]
        self.differences = [column + 2 for column in self.targets]
        self.goal = BASELINE + 1 + 3 * self.years
        self.status = self.goal + 1
        self.owner = self.status + 1
        self.key = self.owner
        self.key_of_many = self.owner + len(OWNER)

    @property
    def inputs(self) -> list[int]:
        """The columns that a school fills in, in the order of the years."""
        return [BASELINE, *self.results]

    def headings(self) -> list[str]:
        """The district's headings, A to U for four years of results."""
        found = [*(words.format(final=self.final_label) for words in FIXED), f"{self.periods[0]} SCHOOL Baseline %"]
        for label in self.periods[1:]:
            found += [f"{label} Target %", f"{label} Result %", f"{label} Result Difference from Target"]
        return [
            *found,
            f"{self.final_label} SCHOOL Target % (Baseline + Goal Increase)",
            f"{self.final_label} SCHOOL Goal Met/Not Met",
        ]

    def formulas(self, row: int) -> dict[int, str]:
        """The formula of each computed column in a row (1-based, as in its references)."""

        def cell(column: int) -> str:
            return f"{xl_col_to_name(column)}{row}"

        goal, base, last = cell(self.goal), cell(BASELINE), cell(self.results[-1])
        found = {self.goal: f'=IF(OR({base}="",{cell(INCREASE)}=""),"",{base}+{cell(INCREASE)})'}
        for year in range(self.years):
            before = cell(self.inputs[year])
            left = self.years - year
            target, result = cell(self.targets[year]), cell(self.results[year])
            step = goal if left == 1 else f"{before}+({goal}-{before})/{left}"
            found[self.targets[year]] = f'=IF(OR({goal}="",{before}=""),"",{step})'
            found[self.differences[year]] = f'=IF(OR({target}="",{result}=""),"",{result}-{target})'
        found[self.status] = (
            f'=IF(OR({goal}="",{last}=""),"{PENDING}",IF(ROUND({last},1)>=ROUND({goal},1),"{MET}","{NOT_MET}"))'
        )
        return found


def cell_name(column: int, row: int) -> str:
    """A reference such as G5, of a 0-based column and a 1-based row."""
    return f"{xl_col_to_name(column)}{row}"


def row_key(school_key: str, level: str, item_id: str) -> str:
    """What is in the hidden cell of a row."""
    return "|".join((KEY_MARK, school_key, level, item_id))


def read_row_key(cell: object) -> tuple[str, str, str] | None:
    """(school key, level, item id) of a hidden cell; None for anything else."""
    parts = str(cell or "").strip().split("|")
    return (parts[1], parts[2], parts[3]) if len(parts) == 4 and parts[0] == KEY_MARK else None
