"""Small helpers without a science name."""
