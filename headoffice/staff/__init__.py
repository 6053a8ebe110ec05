"""People who work for the chain: the desk's users with roles and passwords, clerks with PINs and badges."""
