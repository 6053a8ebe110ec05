"""What customers see on their phones: no login, for the address holds a token; no asset from elsewhere."""
