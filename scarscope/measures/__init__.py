"""ScarScope's measures room."""
