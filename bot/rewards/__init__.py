"""Kudos: what raters earn, to which account, and how it is paid."""
