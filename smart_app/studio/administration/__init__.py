"""For whoever holds the permission analyst: EHRs, permissions, launch reports, settings, the audit."""
