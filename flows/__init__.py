"""What happens, in order. Each flow reads as the diagram of the design: one call a line."""
