"""The command line: one file a verb. Only this room knows a terminal."""
