"""Deliveries: from "somebody must be told this" to what the gateway said, and what came back as a receipt.

Holds the line (claim, permit, send, retry, failover), receipts and the fold of facts into a state. It knows
persons by id and looks an address up at sending. It must not know obligations, plans or who is next: that is
``answer``.
"""
