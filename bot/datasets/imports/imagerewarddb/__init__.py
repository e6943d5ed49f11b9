"""ImageRewardDB in: its pictures in their sets, and its ratings."""
