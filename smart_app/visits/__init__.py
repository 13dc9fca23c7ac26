"""Who is here and what is open: a launch and the FHIR reads become a visit."""
