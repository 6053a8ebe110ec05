"""What every process of the product is made of: configuration, logging, readiness, adapters, durable databases.

This room knows nothing of vouchers. It imports no other room, and it stays light enough for a kiosk.
"""
