"""The progress tracker as a workbook: out with live formulas, back in with what a school typed."""
