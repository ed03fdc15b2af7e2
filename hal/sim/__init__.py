"""Simulated devices, which ship with the phone. A test or a person drives them and looks at what the phone did."""
