"""Tests of the certificate authority, the broker's configuration and the technician's verbs."""
