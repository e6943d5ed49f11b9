"""Cards, buttons, modals and their custom_ids."""
