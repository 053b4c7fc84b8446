"""One file per noun on screen."""
