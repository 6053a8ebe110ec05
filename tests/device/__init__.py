"""Tests of the kiosk firmware."""
