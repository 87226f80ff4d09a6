"""The whole procedure played by a cast through the same verbs: the rehearsal, and the demonstration data set."""
