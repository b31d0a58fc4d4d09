"""Models: weights found and checked, sentences in, arrays out; nothing else imports torch."""
