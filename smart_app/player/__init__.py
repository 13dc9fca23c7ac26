"""The player: from the launch to what is shown, one step at a time, and what of it is recorded."""
