"""One file is one known layer; its name with hyphens is the layer's id."""
