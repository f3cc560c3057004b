"""What tracker keeps."""

from services.tracker.tables import books as books
from services.tracker.tables import lcap as lcap
from services.tracker.tables import plan as plan
from services.tracker.tables import progress as progress
from services.tracker.tables import schools as schools
from services.tracker.tables.schema import metadata as metadata
