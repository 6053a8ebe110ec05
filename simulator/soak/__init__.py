"""The long runs: histories, mutants, power cuts, and a rehearsal whose processes are killed under load."""
