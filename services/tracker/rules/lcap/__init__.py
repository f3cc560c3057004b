"""The decisions on LCAP tables: reading actions and measures of any plan year, following actions, judging spending."""
