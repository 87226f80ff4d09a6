"""What the city makes public of its decisions, objections to it, and what the destination decided in the end."""
