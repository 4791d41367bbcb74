"""Where time and money go: the view logic of the Bottlenecks page, pure, and its parts."""
