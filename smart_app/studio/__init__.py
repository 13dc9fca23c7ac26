"""Full pages for those who teach and set up: tutorials, targeting, registries, roster, rollouts, administration."""
