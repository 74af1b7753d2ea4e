"""A bare server: Debian as debootstrap makes it, on which README's path to a lagg is followed to
the letter."""
