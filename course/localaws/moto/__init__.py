"""moto: every AWS service that has no package of its own, kept durable by a journal."""
