"""What a layer is: its geometry, its definition, its hand-written backward, and where it is tried."""
