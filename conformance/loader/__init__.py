"""The suite that targets are judged by, read from its folder."""
