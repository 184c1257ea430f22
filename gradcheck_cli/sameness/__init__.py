"""Are the kernel gradients the same: the ladder, pair by pair, and the reasons."""
