"""Conversions to and from other libraries; each module is about one library, which is an extra of the same name."""
