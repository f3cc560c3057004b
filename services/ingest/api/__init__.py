"""The API of ingest: uploads and survey windows."""

from services.ingest.api.uploads import router as uploads
from services.ingest.api.windows import router as windows

__all__ = ["uploads", "windows"]
