"""A forward as a graph of torch's operations: recorded, run again, differentiated node by node, and with edits.

Import the modules; all but `places` load torch.
"""
