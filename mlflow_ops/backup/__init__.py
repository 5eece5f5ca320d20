"""Nothing lost: the database's way to the bucket, and back."""
