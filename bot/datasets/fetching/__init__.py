"""Pictures from links that strangers wrote: politely, within limits, never from our own network."""
