"""Long work for a person: files that a process of its own writes, with progress, cancel and download, kept for a week."""
