"""How far a learner is: from their own attempts to a page that says what is done, what is known, and what comes next."""
