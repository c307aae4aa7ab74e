"""The demand model: what a load asks of every component, one sizing formula a file."""
