"""The library in files: out as a zip; in by one person, read and published by a second."""
