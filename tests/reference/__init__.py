"""An independent simulator of docs/order-semantics.md: plain, slow, obviously right.

It is written from that text alone and imports nothing of the engine it judges.
"""
