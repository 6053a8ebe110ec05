"""What is wrong somewhere in the chain, told to people once, again daily, and when it is over."""
