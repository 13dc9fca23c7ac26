"""One file a step, in the order of their numbers. Steps that were released are never changed."""
