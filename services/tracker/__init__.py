"""The strategic plan's progress tracker and the LCAP tables behind it."""
