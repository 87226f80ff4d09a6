"""People and how they sign in. Nouns: User, SignInFailure. Imports audit and core."""
