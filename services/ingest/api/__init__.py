"""The API of ingest: uploads, the directory and survey windows."""

from services.ingest.api.directory import router as directory
from services.ingest.api.uploads import router as uploads
from services.ingest.api.windows import router as windows

__all__ = ["directory", "uploads", "windows"]
