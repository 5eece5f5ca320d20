"""What AWS does and moto does not, one behaviour a file."""
