"""ScarScope's report room."""
