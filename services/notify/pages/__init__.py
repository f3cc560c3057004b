"""The pages of notify: what was planned for whom, each mail, the queue without a route, answers, settings."""
