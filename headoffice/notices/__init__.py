"""What customers are told: that a voucher is theirs, was redeemed or refunded, or is about to expire."""
