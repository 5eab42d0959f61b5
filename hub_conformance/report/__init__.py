"""Verdicts, for the terminal."""
