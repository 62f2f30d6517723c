"""ScarScope's photo room."""
