"""How the learned segmenter's weights are made from the phantom (extra ``train``).

Nothing else imports this room; it needs PyTorch, the rest of ScarScope does not.
"""
