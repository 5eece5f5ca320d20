"""What a stack costs now, part by part, and what it has cost since its disk was made."""
