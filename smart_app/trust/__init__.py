"""Trust: what is held on a learner, shown to that learner."""
