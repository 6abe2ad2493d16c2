"""What the pages of batches say, and draw."""
