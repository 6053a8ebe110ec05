"""The desk: who comes in, what each may do, and that it is done and written down."""
