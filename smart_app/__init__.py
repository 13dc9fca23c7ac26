"""Preceptor: the experienced colleague for AI, inside the EHR."""
