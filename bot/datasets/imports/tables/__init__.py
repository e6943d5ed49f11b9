"""Tables with a row a picture: files of several kinds, their columns, and what they give."""
