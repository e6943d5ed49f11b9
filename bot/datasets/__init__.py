"""Tables in and out, a module a format."""
