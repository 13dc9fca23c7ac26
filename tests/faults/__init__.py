"""What must survive: a real server, real load, a real kill -9."""
