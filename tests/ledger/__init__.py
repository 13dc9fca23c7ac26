"""The usage ledger, on both databases."""
