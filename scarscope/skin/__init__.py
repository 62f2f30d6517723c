"""ScarScope's skin room."""
