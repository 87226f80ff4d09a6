"""What people type at the desk: read and kept as typed; whether it may be done is asked of the verbs."""
