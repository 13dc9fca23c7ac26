"""Who is to learn what by when: rollouts by wave, assignments, and the EHR's Tasks that tell of them."""
