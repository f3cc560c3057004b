"""What tracker keeps."""

from services.tracker.tables import lcap as lcap
from services.tracker.tables import schools as schools
from services.tracker.tables.schema import metadata as metadata
