"""The counter's addresses: what scripts, the browser's page and acceptance do with a rehearsal. Loopback only."""
