"""Many subjects and sessions: agreement, and what can be told from measurement error."""
