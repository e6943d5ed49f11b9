"""Sample pictures that the demo draws itself, from arithmetic alone."""
