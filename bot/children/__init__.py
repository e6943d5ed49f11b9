"""Long work in processes of its own: how the program starts them, and how they answer."""
