"""The roster: who is staff here, by unit and role, launched or never. It is the denominator of every share."""
