"""What is read from the EHR: projected, validated, and of it only codes and ids kept."""
