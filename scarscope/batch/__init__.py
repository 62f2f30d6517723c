"""ScarScope's batch room."""
