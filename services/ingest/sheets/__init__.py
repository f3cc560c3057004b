"""Files in: any spreadsheet or text table as rows of cells, read in a child process with limited memory and time."""

from services.ingest.sheets.parts import Batch, How, Sheet
from services.ingest.sheets.reading import ReadingInterrupted, TakesLong, read_parts
from services.ingest.sheets.refusals import UnreadableFile

__all__ = ["Batch", "How", "ReadingInterrupted", "Sheet", "TakesLong", "UnreadableFile", "read_parts"]
