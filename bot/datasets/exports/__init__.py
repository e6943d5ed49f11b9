"""Tables out: a module a format, written by a child process."""
