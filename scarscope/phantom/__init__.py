"""ScarScope's phantom room."""
