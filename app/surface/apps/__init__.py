"""What the phone does for apps on the phone, over a local web socket (docs/media-protocol.md)."""
