"""Tests of the display room."""
