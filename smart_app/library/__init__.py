"""Tutorials and AI features: the file format, its checks, targeting with reasons, import and export.

What does not belong here: who is here and what is open (visits), progress of a learner (player).
"""
