"""Offline evaluation: a world, a split, recommenders and metrics become a leaderboard with intervals."""
