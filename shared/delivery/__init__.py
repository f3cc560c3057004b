"""How events get from one service to the others: outbox, relay, broker, inbox, and what watches over them."""
