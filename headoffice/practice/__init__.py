"""Practice and go-live (测试与上线): vouchers that no book counts, and stores that are tried out before they serve."""
