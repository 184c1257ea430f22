"""What `gradcheck explain` tells: every mistake with an example in numbers, the shapes of a layer, a few topics."""
