"""Channels: how a message leaves the process and how a vendor's receipts and replies are read.

Holds the contract, one file for each vendor, the only HTTP client of the product and the registry with the
number lock. Must not hold: who is called, when, how often, with which words, what a receipt means for a
delivery; no database, no other room. A channel knows one vendor and nothing else.
"""
