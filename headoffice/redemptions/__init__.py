"""The owner at work: redemptions and undos ruled on, recorded, compared, and taken back from the gateways' journals."""
