"""SQL, and nothing but: the database, its migrations, records, and a module a table group.

A function of a table module takes an open `sqlite3.Connection` first and runs inside the caller's
unit; `storage.database.Database` decides on which thread and in which transaction that is.
"""
