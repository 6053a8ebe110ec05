"""The pages of head office and managers: signed in, told what each role may see, nothing loaded from elsewhere."""
