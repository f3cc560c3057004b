"""School Emergency Status Report in Strike Mode."""
