"""innovaphone other than calls: what apps, app services and the PBX say to each other over web sockets."""
