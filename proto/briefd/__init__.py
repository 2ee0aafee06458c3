"""Generated stubs of the wire contract, and the contract itself."""
