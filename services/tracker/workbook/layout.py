"""Where everything stands in the workbook: headings, columns and the blank-safe formulas, for any number of years."""

from collections.abc import Sequence

from xlsxwriter.utility import xl_col_to_name

from services.tracker.rules.known import FINAL_LABEL

FIXED = (
    "Strategic Plan Pillar and Priority",
    "School Experience Survey Metric",
    "Strategic Plan District Goal for June, 2026",
    "GROUP / School Experience Survey Item",
    "Survey Category / Content Area",
    "Goal Percentage Point Increase",
)
ITEM, INCREASE, BASELINE = 3, 5, 6
OWNER = ("School", "PLOC", "Cost Center Code")
STAMP_SHEET = "Export stamp"
STAMP_VERSION = "ses-tracker-1"
ABOUT_SHEET = "About"
PENDING, MET, NOT_MET = "PENDING", "MET", "NOT MET"


class Layout:
    """The columns (0-based) for these years; the first year is the baseline."""

    def __init__(self, periods: Sequence[str]) -> None:
        self.periods = list(periods)
        self.years = len(periods) - 1
        self.targets = [BASELINE + 1 + 3 * year for year in range(self.years)]
        self.results = [column + 1 for column in self.targets]
        self.differences = [column + 2 for column in self.targets]
        self.goal = BASELINE + 1 + 3 * self.years
        self.status = self.goal + 1
        self.owner = self.status + 1

    @property
    def inputs(self) -> list[int]:
        """The columns that a school fills in, in the order of the years."""
        return [BASELINE, *self.results]

    def headings(self) -> list[str]:
        """The district's headings, A to U for four years of results."""
        found = [*FIXED, f"{self.periods[0]} SCHOOL Baseline %"]
        for label in self.periods[1:]:
            found += [f"{label} Target %", f"{label} Result %", f"{label} Result Difference from Target"]
        return [
            *found,
            f"{FINAL_LABEL} SCHOOL Target % (Baseline + Goal Increase)",
            f"{FINAL_LABEL} SCHOOL Goal Met/Not Met",
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
