"""The protocols that the use cases name, kept on Firestore, Pub/Sub and in memory."""
