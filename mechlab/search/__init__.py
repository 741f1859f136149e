"""Search: explore where the smallest sufficient incentive lies, then certify it."""
