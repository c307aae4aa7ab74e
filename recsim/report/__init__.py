"""Reading finished runs: one HTML page for a browser, one screen of plain data for a terminal."""
