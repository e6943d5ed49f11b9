"""What a collection of votes looks like: its figures, plots of them, a page and a picture.

Only a child process makes them (`child`): figures are read as exports read, and matplotlib is slow.
"""
