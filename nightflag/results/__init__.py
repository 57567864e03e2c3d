"""What a night leaves behind: scores, reasons and quarantine, staged first, published at once."""
