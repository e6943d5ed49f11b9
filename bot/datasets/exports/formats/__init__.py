"""What can be written: a module a format, under the format's name, with its `FORMAT`."""
