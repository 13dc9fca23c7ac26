"""Pages of people: the roster, rollouts, assignments."""
