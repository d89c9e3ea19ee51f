"""What fits or trains the weights that the package ships."""
