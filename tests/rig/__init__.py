"""Equipment the tests stand on: sound, input and hot-plug without hardware."""
