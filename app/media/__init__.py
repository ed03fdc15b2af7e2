"""Policy over the media engine: offers and answers, routing, tones."""
