"""Tutorials in the studio: writing, preview, versions, review, pictures.

What makes a file right is the library's concern (:mod:`smart_app.library.checking`); what a clinician sees is the
player's. Nothing here repeats either.
"""
