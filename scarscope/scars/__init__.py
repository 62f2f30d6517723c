"""ScarScope's scars room."""
