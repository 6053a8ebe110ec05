"""Tests of the head office."""
