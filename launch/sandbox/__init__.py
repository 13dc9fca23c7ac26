"""A sandbox EHR to launch SMART apps from: synthetic people, a strict authorization server, FHIR R4, a chart page.

It runs in a process and on an origin of its own and shares no code with the launch
client, so that neither can hide the other's mistakes. Nothing is imported here.
"""
