"""Power cuts on the shipped journals: every write is recorded, and the disk is looked at as it may lie there after."""
