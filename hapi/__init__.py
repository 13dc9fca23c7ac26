"""The local HAPI FHIR server: its Java sources and what builds and starts it. Not part of the installed package."""
