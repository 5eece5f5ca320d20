"""What S3 needs beyond a call: settings that may be absent, counting and emptying."""
