"""Tests of the reference hub, one file a module."""
