"""Numbers: what rounding may do, on which integers every sum is exact, what each arithmetic may add."""
