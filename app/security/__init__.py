"""TLS contexts, certificates, the PIN and the screen lock."""
