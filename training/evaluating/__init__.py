"""What a model is worth: on whole videos, beside other models and beside facts that are no pictures."""
