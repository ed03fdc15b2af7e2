"""What the phone is told about itself: the registry of settings, their layers, and the store that keeps them."""
