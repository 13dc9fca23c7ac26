"""Who sees what: targets, preview, coverage, the role map, matches of one person, and the AI feature registry."""
