"""What a batch is: its rows, its files, what is proven of it, and how it is copied to other machines."""
