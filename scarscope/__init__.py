"""ScarScope."""
