"""What a user, a worker or the clock asks for: load, decide, save and enqueue, publish."""
