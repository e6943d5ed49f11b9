"""Images whose right scores are known: marked, proposed, mixed in, explained in lessons."""
