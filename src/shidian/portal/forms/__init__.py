"""Forms of the applicants' screens."""
