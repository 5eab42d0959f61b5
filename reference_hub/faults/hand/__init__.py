"""Faults by hand, a module for each part of the hub."""
