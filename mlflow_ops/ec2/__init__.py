"""What EC2 needs beyond a call: rules, subnets, types, launches and descriptions."""
